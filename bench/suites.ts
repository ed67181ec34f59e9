/** Every suite there is. A new one is added here, and thereby to `npm run bench` and to the tests. */
import { causalBuffer } from './causal-buffer.js';
import { clocks } from './clocks.js';
import { embedded } from './embedded.js';
import { http } from './http.js';
import { levels } from './levels.js';
import { ordered } from './ordered.js';
import { storage } from './storage.js';
import type { BenchSuite } from './suite.js';
import { token } from './token.js';

/** What needs nothing but this process. */
export const PART_SUITES: readonly BenchSuite[] = [clocks, token, storage, embedded, http, causalBuffer, ordered];

export const SUITES: readonly BenchSuite[] = [...PART_SUITES, levels];
