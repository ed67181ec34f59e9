/** Without weaker writes, the ordered view is a map that one client after the other changes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Decode } from '../../../src/base/bytes.js';
import type { TxnOp } from '../../../src/keyspace/ordered/command.js';
import type { Condition } from '../../../src/keyspace/ordered/condition.js';
import { encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import type { Outcome } from '../../../src/keyspace/ordered/outcome.js';
import { entryOf, OrderedLog } from '../../support/ordered-log.js';
import { KEYS, keyspaceCommands, retries } from './arbitraries.js';

interface Shown {
  readonly text: string;
  /** Which entry wrote it. */
  readonly by: number;
}

/** A map, and what was answered under each Idempotency-Key. */
class Spec {
  readonly map = new Map<string, Shown>();
  readonly answers = new Map<string, { readonly fingerprint: string; readonly answer: string }>();

  holds(key: string, condition: Condition | undefined): boolean {
    const shown = this.map.get(key);
    if (condition === undefined) return true;
    if (condition.kind === 'absent') return shown === undefined;
    if (shown === undefined) return false;
    if (condition.kind === 'exists') return true;
    if (condition.kind === 'value') return utf8Decode(condition.bytes) === shown.text;
    return condition.dots.some(({ origin, counter }) => origin === 'log' && counter === shown.by);
  }

  do(op: TxnOp, index: number): string {
    const before = this.map.get(op.key);
    if (op.kind === 'get') return before === undefined ? `${op.key} absent` : `${op.key}=${before.text}@${before.by}`;
    if (op.kind === 'put') this.map.set(op.key, { text: utf8Decode(op.bytes), by: index });
    else this.map.delete(op.key);
    return `${op.key} ${before === undefined ? 'made' : 'changed'}`;
  }
}

/** The outcome in the words of the spec. */
function told(outcome: Outcome): string {
  if (outcome.kind === 'written') return outcome.existed ? 'changed' : 'made';
  if (outcome.kind === 'refused') return `${outcome.code} ${outcome.facts.etag ?? ''}`.trim();
  if (outcome.kind !== 'txn') return outcome.kind;
  const results = outcome.results.map((result) => {
    if (result.kind === 'absent') return `${result.key} absent`;
    if (result.kind === 'written') return `${result.key} ${result.existed ? 'changed' : 'made'}`;
    return `${result.key}=${utf8Decode(result.version.bytes)}@${result.version.dot.counter}`;
  });
  return [outcome.succeeded, ...results].join(', ');
}

const requests = fc.array(
  fc.record({ command: keyspaceCommands, retry: fc.option(retries, { nil: undefined, freq: 3 }) }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

describe('a log of linearizable requests', () => {
  it('answers each as a plain map would, retries with the first answer, and ends as the map does', () => {
    fc.assert(
      fc.property(requests, (log) => {
        const real = new OrderedLog();
        const spec = new Spec();
        log.forEach(({ command, retry }, i) => {
          const index = i + 1;
          const run = (): string => {
            if (command.kind === 'write') {
              const { op, condition } = command;
              const before = spec.map.get(op.key);
              if (!spec.holds(op.key, condition)) {
                return `precondition-failed ${before === undefined ? '' : `"log.${before.by}"`}`.trim();
              }
              spec.do(op, index);
              return before === undefined ? 'made' : 'changed';
            }
            if (command.kind !== 'txn') throw new Error(command.kind);
            const succeeded = command.checks.every(({ key, condition }) => spec.holds(key, condition));
            const ops = succeeded ? command.onSuccess : command.onFailure;
            return [succeeded, ...ops.map((op) => spec.do(op, index))].join(', ');
          };
          const earlier = retry && spec.answers.get(retry.key);
          const expected =
            earlier === undefined
              ? run()
              : earlier.fingerprint === retry?.fingerprint
                ? earlier.answer
                : 'idempotency-key-reused';
          if (retry !== undefined && earlier === undefined) {
            spec.answers.set(retry.key, { fingerprint: retry.fingerprint, answer: expected });
          }
          const { outcome } = real.apply(encodeEntry(entryOf({ base: i, command, retry })));
          expect(told(outcome), `entry ${index}`).toBe(expected);
        });
        for (const key of KEYS) {
          const winner = real.record(key)[0];
          const shown = spec.map.get(key);
          expect(real.shown(key)).toBe(shown?.text);
          if (shown !== undefined) expect(winner?.dot.counter).toBe(shown.by);
          expect(real.record(key).length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
