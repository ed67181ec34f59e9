/** `--wan`, as all commands that start a cluster have it. */
import { Option } from 'commander';
import { WAN_NAMES } from '../../lab/wan/presets.js';

export function wanOption(description: string): Option {
  return new Option('--wan <preset>', description).choices(WAN_NAMES);
}
