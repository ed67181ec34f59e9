/** The log against a plain array: appends, leaders' entries, writes that become durable late, compaction. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/consensus/entry.js';
import { RaftLog } from '../../../src/consensus/log.js';
import { RaftDisk } from '../../support/raft-disk.js';
import { entriesOf } from '../../support/raft-lone.js';
import { runSeed } from '../../support/seeded-random.js';

type Step =
  | { readonly kind: 'append' | 'write' | 'persist' | 'commit' | 'apply' | 'compact'; readonly count: number }
  | { readonly kind: 'merge'; readonly back: number; readonly agree: number; readonly fresh: number };

const count = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('append', 'write', 'persist', 'commit', 'apply', 'compact'), count }),
  fc.record({
    kind: fc.constant('merge'),
    back: fc.nat({ max: 6 }),
    agree: fc.nat({ max: 6 }),
    fresh: fc.nat({ max: 3 }),
  }),
);

class Model {
  readonly disk = new RaftDisk();
  readonly log = new RaftLog(this.disk, 0, 0);
  /** Terms by index; index 0 has term 0. */
  terms = [0];
  readonly applied: number[] = [0];
  #number = 0;
  #stored = 0;
  #term = 1;

  play(each: Step): void {
    const { log } = this;
    switch (each.kind) {
      case 'append':
        for (let i = 0; i < each.count; i += 1) this.terms.push(log.append({ kind: 'empty' }, this.#term).term);
        break;
      case 'merge':
        this.#merge(each.back, each.agree, each.fresh);
        break;
      case 'write':
        if (log.hasUnwritten) this.#write();
        break;
      case 'persist':
        this.#stored = this.disk.persist() ?? this.#stored;
        if (this.#stored > 0) log.stored(this.#stored);
        break;
      case 'commit':
        log.commitTo(Math.min(log.lastIndex, log.commit + each.count));
        break;
      case 'apply':
        for (const { term } of log.takeCommitted(40)) this.applied.push(term);
        break;
      case 'compact':
        this.#compact(each.count);
    }
  }

  /** A leader's message: some entries that are here already, then some of a newer term. */
  #merge(back: number, agree: number, fresh: number): void {
    const { log } = this;
    const previous = Math.max(log.commit, log.lastIndex - back);
    const shared = Math.min(previous + agree, log.lastIndex);
    const kept = this.terms.slice(previous + 1, shared + 1);
    const before = this.terms.slice(0, shared + 1);
    this.#term += 1;
    const entries = [
      ...entriesOf(previous + 1, ...kept),
      ...entriesOf(shared + 1, ...Array<number>(fresh).fill(this.#term)),
    ];
    log.merge(entries);
    if (fresh > 0) this.terms = [...before, ...Array<number>(fresh).fill(this.#term)];
  }

  #write(): void {
    this.#number += 1;
    const hardState = { term: this.#term, votedFor: undefined, commit: 0 };
    this.disk.enqueue({ number: this.#number, hardState, ...this.log.write(this.#number) });
  }

  #compact(kept: number): void {
    const index = Math.min(this.log.handedOut, this.disk.lastIndex());
    if (index <= this.disk.snapshot().index) return;
    const { configuration } = this.disk.snapshot();
    this.disk.compact({ index, term: this.terms[index] ?? 0, configuration }, new Uint8Array(0), kept);
    this.log.compacted();
  }

  check(): void {
    const { log, terms } = this;
    expect(log.lastIndex).toBe(terms.length - 1);
    for (let index = log.firstIndex - 1; index < terms.length; index += 1) expect(log.term(index)).toBe(terms[index]);
    expect(log.term(log.firstIndex - 2)).toBeUndefined();
    expect(this.applied).toEqual(terms.slice(0, this.applied.length));
    for (let index = log.firstIndex; index <= log.durable; index += 1) expect(this.disk.term(index)).toBe(terms[index]);
    for (const term of new Set(terms)) this.#checkLastWithin(term);
    const slice = log.slice(log.firstIndex, log.lastIndex + 1, 50);
    expect(slice.map((entry: Entry) => entry.term)).toEqual(terms.slice(log.firstIndex, log.firstIndex + slice.length));
    expect(slice.length > 0).toBe(log.lastIndex >= log.firstIndex);
  }

  #checkLastWithin(term: number): void {
    const { log, terms } = this;
    const base = log.firstIndex - 1;
    const found = terms.findLastIndex((each, index) => index <= log.lastIndex && (each <= term || index === base));
    expect(log.lastWithin(log.lastIndex, term)).toBe(Math.max(found, base));
  }
}

describe('the log', () => {
  const seed = runSeed();

  it(`is what was put into it, and durable only as far as the disk has the same (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const model = new Model();
        for (const each of steps) {
          model.play(each);
          model.check();
        }
      }),
      { seed, numRuns: 100 },
    );
  });
});
