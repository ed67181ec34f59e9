#!/usr/bin/env node
// The command itself is compiled; this file is not, so it is executable in every checkout, however the build was made.
import '../dist/cli/main.js';
