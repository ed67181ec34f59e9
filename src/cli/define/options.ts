/** Options that several commands share, each defined once. Their parsers throw CausewayError `invalid-config`. */
import { type Command, Option } from 'commander';
import { LIMITS } from '../../base/limits.js';
import { LEVELS, type Level } from '../client-call.js';
import { parseServerUrls } from '../parse/addresses.js';
import { parseDuration } from '../parse/duration.js';

export const DEFAULT_URL = 'http://127.0.0.1:7101';

/** Where to send and how to show: for every command that talks to replicas. */
export function withConnection(command: Command): Command {
  return command
    .addOption(
      new Option('--url <url>', 'the replica to ask; several, separated by commas: the first that can be reached')
        .env('CAUSEWAY_URL')
        .default([DEFAULT_URL], DEFAULT_URL)
        .argParser(parseServerUrls),
    )
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['table', 'json']))
    .addOption(
      new Option('--timeout <duration>', 'how long the replica may take, e.g. 500ms or 5s').argParser((text) =>
        parseDuration(text, 1, LIMITS.timeoutMaxMs),
      ),
    )
    .addOption(new Option('--token <token>', 'bearer token, if the replicas ask for one').env('CAUSEWAY_TOKEN'))
    .option('--curl', 'print the curl line that does the same, and do nothing');
}

/** Level and session: for every command that reads, or writes keys. */
export function withConsistency(command: Command, standard: Level = 'causal'): Command {
  return withSession(command).addOption(
    new Option('-c, --consistency <level>', `the consistency this request gets (default: ${standard})`).choices(LEVELS),
  );
}

/** For commands that are linearizable and nothing else. */
export function withSession(command: Command): Command {
  return withConnection(command)
    .option('--session <file>', 'keep the causal token in this file, so that commands see what earlier ones saw')
    .addOption(new Option('--causal-token <token>', 'a token from an earlier response').conflicts('session'));
}

/** For commands that inject a fault. */
export function withTimeToLive(command: Command): Command {
  return command.addOption(
    new Option('--for <duration>', 'heal by itself after this (default: 60s)').argParser((text) =>
      parseDuration(text, 1, LIMITS.faultMaxTtlMs),
    ),
  );
}

/** A write that is repeated under the same key happens once. */
export function withIdempotencyKey(command: Command): Command {
  return command.option('--idempotency-key <key>', 'repeat a write under the same key and it happens once');
}

/** The lease of a lock or leadership. */
export function withLease(command: Command): Command {
  return withIdempotencyKey(command)
    .option('--owner <name>', 'who asks, for those who are refused and those who look (default: user@host)')
    .addOption(
      new Option('--ttl <duration>', 'the lease ends this long after its last renewal')
        .argParser((text) => parseDuration(text, 1, LIMITS.lockTtlMaxMs))
        .default(DEFAULT_TTL_MS, '30s'),
    )
    .addOption(
      new Option('--wait <duration>', 'queue for this long if somebody else has it').argParser((text) =>
        parseDuration(text, 0, LIMITS.lockWaitMaxMs),
      ),
    );
}

const DEFAULT_TTL_MS = 30_000;
