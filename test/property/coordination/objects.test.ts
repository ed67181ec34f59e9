/** Coordination objects against models that keep everything in plain lists, and against what they promise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CoordinationAnswer, decodeAnswer, encodeAnswer } from '../../../src/coordination/answer.js';
import { type CoordinationCommand, decodeCoordination, encodeCoordination } from '../../../src/coordination/command.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import { type LockHolder, readLock } from '../../../src/coordination/lock-state.js';
import { OrderedLog } from '../../support/ordered-log.js';
import { coordinationCommands } from '../ordered/arbitraries.js';
import { describeCodec } from '../replica-wire/codec-laws.js';

type Told = ReturnType<OrderedLog['coordinate']>;

/** What a lock is, told as the list of all who ever asked. */
interface Asker {
  readonly owner: string;
  readonly ticket: number;
  state: 'waits' | 'holds' | 'gone';
  renewal: number;
}

class LockModel {
  readonly #askers = new Map<string, Asker[]>();

  /** The answer in short, and what it does to the model. */
  run(command: CoordinationCommand, index: number): string {
    if (!('space' in command)) return '';
    const name = `${command.space} ${command.name}`;
    const askers = this.#askers.get(name) ?? [];
    this.#askers.set(name, askers);
    const holder = askers.find(({ state }) => state === 'holds');
    const end = (): string => {
      if (holder !== undefined) holder.state = 'gone';
      const next = askers.find(({ state }) => state === 'waits');
      if (next !== undefined) Object.assign(next, { state: 'holds', renewal: index });
      return `ended, then ${next?.ticket}`;
    };
    switch (command.kind) {
      case 'acquire': {
        const asker: Asker = { owner: command.owner, ticket: index, state: 'holds', renewal: index };
        if (holder === undefined) {
          askers.push(asker);
          return `held ${index} ${index}`;
        }
        if (command.waitMs === 0) return `lock-held by ${holder.owner}`;
        const ahead = askers.filter(({ state }) => state === 'waits').length;
        askers.push({ ...asker, state: 'waits' });
        return `queued ${index} behind ${ahead}`;
      }
      case 'renew':
        if (holder?.ticket !== command.token) return 'fenced';
        holder.renewal = index;
        return `held ${holder.ticket} ${index}`;
      case 'release':
        return holder?.ticket === command.token ? end() : 'fenced';
      case 'expire':
        return holder?.ticket === command.token && holder.renewal === command.renewal ? end() : 'unchanged';
      case 'abandon': {
        const asker = askers.find(({ ticket }) => ticket === command.ticket);
        if (asker?.state === 'holds') return `held ${asker.ticket} ${asker.renewal}`;
        if (asker?.state !== 'waits') return 'unchanged';
        asker.state = 'gone';
        return 'abandoned';
      }
    }
  }
}

function inShort(told: Told): string {
  switch (told.kind) {
    case 'held':
      return `held ${told.holder.token} ${told.holder.renewal}`;
    case 'queued':
      return `queued ${told.ticket} behind ${told.ahead}`;
    case 'ended':
      return `ended, then ${told.next?.token}`;
    case 'refused':
      return told.code === 'lock-held' ? `lock-held by ${told.facts.owner}` : told.code;
    default:
      return told.kind;
  }
}

/** Tokens and renewals as the log really has them, so that commands often meet. */
interface LockStep {
  readonly kind: 'acquire' | 'renew' | 'release' | 'expire' | 'abandon';
  readonly space: 'lock' | 'election';
  readonly owner: string;
  readonly waitMs: number;
  readonly back: number;
}
const lockSteps: fc.Arbitrary<LockStep[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('acquire', 'acquire', 'acquire', 'renew', 'release', 'release', 'expire', 'abandon'),
    space: fc.constantFrom('lock', 'lock', 'election'),
    owner: fc.constantFrom('anna', 'ben'),
    waitMs: fc.nat(2),
    back: fc.nat(6),
  }),
  { minLength: 1, maxLength: 60, size: 'max' },
);

function commandOf({ kind, space, owner, waitMs, back }: LockStep, log: OrderedLog): CoordinationCommand {
  const lock = { space, name: 'l' } as const;
  const holder = readLock(log.state, space, 'l')?.holder;
  const recent = Math.max(1, log.applied - back);
  const token = back < 4 ? (holder?.token ?? recent) : recent;
  if (kind === 'acquire') return { kind, ...lock, owner, ttlMs: 1, waitMs };
  if (kind === 'expire') return { kind, ...lock, token, renewal: back < 3 ? (holder?.renewal ?? recent) : recent };
  return kind === 'abandon' ? { kind, ...lock, ticket: recent } : { kind, ...lock, token };
}

describe('locks and elections', () => {
  it('do what a list of all who asked would do', () => {
    fc.assert(
      fc.property(lockSteps, (steps) => {
        const log = new OrderedLog();
        const model = new LockModel();
        for (const step of steps) {
          const command = commandOf(step, log);
          const expected = model.run(command, log.applied + 1);
          expect(inShort(log.coordinate(command)), JSON.stringify(command)).toBe(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('have one holder per token; a new holder has a greater token than all before', () => {
    let handovers = 0;
    fc.assert(
      fc.property(lockSteps, (steps) => {
        const log = new OrderedLog();
        const last = new Map<string, LockHolder>();
        for (const step of steps) {
          log.coordinate(commandOf(step, log));
          for (const space of ['lock', 'election'] as const) {
            const holder = readLock(log.state, space, 'l')?.holder;
            const before = last.get(space);
            if (holder === undefined) continue;
            last.set(space, holder);
            if (before === undefined) continue;
            if (holder.token === before.token) expect(holder.owner).toBe(before.owner);
            else expect(holder.token).toBeGreaterThan(before.token);
            expect(holder.renewal).toBeGreaterThanOrEqual(before.renewal);
            handovers += Number(holder.token !== before.token);
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(handovers).toBeGreaterThan(200);
  });

  it('hand out no token twice, whoever asks and however', () => {
    fc.assert(
      fc.property(lockSteps, (steps) => {
        const log = new OrderedLog();
        const granted: number[] = [];
        for (const step of steps) {
          const command = commandOf(step, log);
          const told = log.coordinate(command);
          if (command.kind === 'acquire' && told.kind === 'held') granted.push(told.holder.token);
          if (told.kind === 'ended' && told.next !== undefined) granted.push(told.next.token);
        }
        expect(new Set(granted).size).toBe(granted.length);
      }),
      { numRuns: 200 },
    );
  });

  it('let exactly the current token through', () => {
    fc.assert(
      fc.property(lockSteps, (steps) => {
        const log = new OrderedLog();
        for (const step of steps) log.coordinate(commandOf(step, log));
        const current = readLock(log.state, 'lock', 'l')?.holder.token;
        for (let token = 0; token <= log.applied + 1; token += 1) {
          const isOpen = COORDINATION.checkFence(log.state, { lock: 'l', token }) === undefined;
          expect(isOpen, `token ${token} of ${current}`).toBe(token === current);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('sequences and claims', () => {
  it('do what a map of numbers and a map of owners would do', () => {
    const commands = coordinationCommands.filter(({ kind }) => ['next', 'claim', 'unclaim'].includes(kind));
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 50, size: 'max' }), (drawn) => {
        const log = new OrderedLog();
        const numbers = new Map<string, number>();
        const owners = new Map<string, string>();
        for (const command of drawn) {
          const told = log.coordinate(command);
          if (command.kind === 'next') {
            const value = (numbers.get(command.sequence) ?? 0) + 1;
            numbers.set(command.sequence, value);
            expect(told).toEqual({ kind: 'number', value });
          }
          if (command.kind !== 'claim' && command.kind !== 'unclaim') continue;
          const name = JSON.stringify([command.namespace, command.value]);
          const owner = owners.get(name);
          if (owner !== undefined && owner !== command.owner) {
            expect(told).toMatchObject({ code: 'already-claimed', facts: { owner } });
          } else if (command.kind === 'claim') {
            owners.set(name, command.owner);
            expect(told).toEqual({ kind: 'claimed', created: owner === undefined });
          } else {
            owners.delete(name);
            expect(told).toEqual({ kind: 'unclaimed', existed: owner !== undefined });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const answers: fc.Arbitrary<CoordinationAnswer> = (() => {
  const number = fc.maxSafeNat();
  const holder = fc.record({ owner: fc.string({ maxLength: 9 }), token: number, ttlMs: number, renewal: number });
  return fc.oneof(
    fc.record({ kind: fc.constant('number' as const), value: number }),
    fc.record({ kind: fc.constantFrom('claimed' as const, 'declared' as const), created: fc.boolean() }),
    fc.record({ kind: fc.constantFrom('unclaimed' as const, 'dropped' as const), existed: fc.boolean() }),
    fc.record({ kind: fc.constant('held' as const), holder }),
    fc.record({ kind: fc.constant('queued' as const), ticket: number, ahead: number }),
    fc.record({ kind: fc.constant('ended' as const), next: fc.option(holder, { nil: undefined }) }),
    fc.constantFrom({ kind: 'unchanged' as const }, { kind: 'abandoned' as const }),
  );
})();

describe('a coordination command', () => {
  describeCodec<CoordinationCommand>({
    values: coordinationCommands,
    encode: encodeCoordination,
    decode: decodeCoordination,
  });
});

describe('a coordination answer', () => {
  describeCodec<CoordinationAnswer>({ values: answers, encode: encodeAnswer, decode: decodeAnswer });
});
