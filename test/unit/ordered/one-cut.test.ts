/** What a transaction shows of several keys hangs together, or it is not applied and its proposer judges anew. */
import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { Command, TxnOp } from '../../../src/keyspace/ordered/command.js';
import { decodeEntry, type Entry, encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import type { Version } from '../../../src/keyspace/version.js';
import { entryOf, OrderedLog, putOp } from '../../support/ordered-log.js';
import { A, B, vector } from '../../support/plane-values.js';
import { textOf } from '../../support/requests.js';

const { EMPTY } = VersionVector;
const KEYS = ['answer', 'question'] as const;

function weak(counter: number, value: string, deps = EMPTY): Version {
  const op = putOp('', value);
  if (op.kind !== 'put') throw new Error('a put');
  const { contentType, bytes } = op;
  return {
    kind: 'value',
    dot: { origin: A, counter },
    hlc: { ms: 1, logical: 0 },
    deps,
    seen: 0,
    twins: [],
    contentType,
    bytes,
  };
}

const QUESTION = weak(1, 'why?');
const ANSWER = weak(2, 'because', vector([A, 1]));
/** A question at one key, and at the other a weaker answer of which alone the log has heard. */
function answered(): OrderedLog {
  const log = new OrderedLog();
  log.propose({ adopted: [{ key: 'answer', versions: [ANSWER] }] });
  return log;
}

const gets: readonly TxnOp[] = KEYS.map((key) => ({ kind: 'get', key }));
const LOOK: Command = { kind: 'txn', checks: [], onSuccess: gets, onFailure: [] };
const retry = { key: 'r', fingerprint: 'f' };

function shownBy(log: OrderedLog, parts: Partial<Entry>): readonly (string | undefined)[] | string {
  const { outcome } = log.propose({ command: LOOK, ...parts });
  if (outcome.kind !== 'txn') return outcome.kind;
  return outcome.results.map((result) => (result.kind === 'found' ? textOf(result.version) : undefined));
}

describe('a transaction that looks at several keys', () => {
  it('is stale where a key depends on what its proposer did not know, and says what that is', () => {
    const log = answered();
    const { outcome, past, group } = log.propose({ known: EMPTY, command: LOOK });
    expect(outcome).toEqual({ kind: 'stale' });
    expect(past.includes(vector([A, 2]))).toBe(true);
    expect(group).toMatchObject({ deps: EMPTY, body: { ops: [] } });
  });

  it('is stale also if the proposer knew the cause, but not what came of it', () => {
    expect(shownBy(answered(), { known: vector([A, 1]) })).toBe('stale');
  });

  it('is judged by the keys it only writes or checks as well', () => {
    const checks = [{ key: 'answer', condition: { kind: 'exists' } }] as const;
    const reads: Command = { kind: 'txn', checks, onSuccess: [{ kind: 'get', key: 'question' }], onFailure: [] };
    const writes: Command = {
      kind: 'txn',
      checks: [],
      onSuccess: [putOp('answer', 'x'), ...gets.slice(1)],
      onFailure: [],
    };
    for (const command of [reads, writes]) {
      const log = answered();
      expect(log.propose({ known: EMPTY, command }).outcome.kind).toBe('stale');
      expect(log.shown('answer')).toBe('because');
    }
  });

  it('shows both once the proposer knows both, and has put in what the log had not', () => {
    const adopted = [{ key: 'question', versions: [QUESTION] }];
    expect(shownBy(answered(), { known: vector([A, 2]), adopted })).toEqual(['because', 'why?']);
  });

  it('takes in what its proposer found, though it is stale itself', () => {
    const log = answered();
    shownBy(log, { known: vector([A, 1]), adopted: [{ key: 'question', versions: [QUESTION] }] });
    expect(log.shown('question')).toBe('why?');
  });

  it('stays stale, at whatever index it turns up again', () => {
    const log = answered();
    const bytes = encodeEntry(entryOf({ base: log.applied, known: vector([B, 9]), command: LOOK }));
    expect(log.apply(bytes).outcome.kind).toBe('stale');
    log.propose({ adopted: [{ key: 'question', versions: [QUESTION] }] });
    log.put('answer', 'for all that');
    log.delete('answer');
    expect(log.apply(bytes).outcome.kind).toBe('stale');
    log.propose({ command: { kind: 'forget', stable: vector([A, 2], [LOG_ORIGIN, log.applied]), keys: ['answer'] } });
    expect(log.record('answer')).toEqual([]);
    expect(log.apply(bytes).outcome.kind).toBe('stale');
  });

  it('leaves nothing for a retry: the next attempt under the same key is the first', () => {
    const log = answered();
    const adopted = [{ key: 'question', versions: [QUESTION] }];
    expect(shownBy(log, { retry, known: EMPTY })).toBe('stale');
    expect(shownBy(log, { retry, known: vector([A, 2]), adopted })).toEqual(['because', 'why?']);
  });

  it('is answered from the retry table whatever the keys have come to since', () => {
    const log = new OrderedLog();
    expect(shownBy(log, { retry, known: EMPTY })).toEqual([undefined, undefined]);
    log.propose({ adopted: [{ key: 'answer', versions: [ANSWER] }] });
    expect(shownBy(log, { retry, known: EMPTY })).toEqual([undefined, undefined]);
  });

  it('need not know what the log itself wrote', () => {
    const log = new OrderedLog();
    log.put('answer', 'because');
    log.put('question', 'why?');
    expect(shownBy(log, { known: EMPTY })).toEqual(['because', 'why?']);
  });
});

describe('an entry of version 1', () => {
  const BYTES = Buffer.from(
    '010000000003e8cf8cf7bbf57691560b72317e303030303030303107e80700000000000003000203016103016200',
    'hex',
  );

  it('is read as one that says nothing of what its proposer knew', () => {
    const { known, command, proposal } = decodeEntry(BYTES);
    expect(known).toBeUndefined();
    expect(proposal.number).toBe(7);
    expect(command).toEqual({
      kind: 'txn',
      checks: [],
      onSuccess: ['a', 'b'].map((key) => ({ kind: 'get', key })),
      onFailure: [],
    });
  });

  it('does at every replica what it did when it was written', () => {
    const log = new OrderedLog();
    log.propose({ adopted: [{ key: 'a', versions: [ANSWER] }] });
    // Its base lies before that: it looked at less, and shows it all the same.
    expect(log.apply(BYTES).outcome).toMatchObject({ kind: 'txn', results: [{ kind: 'found' }, { kind: 'absent' }] });
  });
});
