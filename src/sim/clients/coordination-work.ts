/** Requests on locks, sequences and claims. */
import type { CoordinationAnswer } from '../../coordination/answer.js';
import type { CoordinateRequest, CoordinateResult } from '../../replica/ordered-handle.js';
import { type Client, refusalOf, type Told } from './client.js';
import { orderedOf } from './ordered-work.js';

const KINDS = { next: 2, claim: 1, lock: 2 } as const;
const LEVEL = 'linearizable';
const CLAIMS = 12;

interface Held {
  readonly token: number;
  readonly ttlMs: number;
}

export class CoordinationWork {
  readonly #client: Client;
  #held: Held | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  async next(): Promise<void> {
    const { random } = this.#client;
    const kind = random.weighted(KINDS);
    if (kind === 'next') await this.#draw(random.pick(['a', 'b']));
    else if (kind === 'claim') await this.#claim(`${random.int(CLAIMS)}`);
    else if (this.#held === undefined) await this.#acquire();
    else await this.#goOnOrEnd(this.#held);
  }

  async #draw(sequence: string): Promise<void> {
    const told = await this.#ask({ kind: 'next', sequence });
    const answer = answerOf(told);
    const drawn = answer?.kind === 'number' ? { output: answer.value } : {};
    if (answer?.kind === 'number') this.#client.cluster.coordination.drew(sequence, answer.value, told);
    this.#client.record(LEVEL, told, { op: 'next', key: sequence, ...drawn });
    this.#client.concluded(told);
  }

  async #claim(value: string): Promise<void> {
    const { name, cluster } = this.#client;
    const told = await this.#ask({ kind: 'claim', namespace: 'n', value, owner: name });
    if (told.status === 'ok') cluster.coordination.claimed(value, name);
    const refusal = refusalOf(told);
    const owner = refusal?.code === 'already-claimed' ? refusal.facts.owner : undefined;
    if (owner !== undefined) cluster.coordination.claimed(value, owner);
    const winner = told.status === 'ok' ? name : owner;
    const output = winner === undefined ? {} : { output: winner };
    this.#client.record(LEVEL, told, { op: 'claim', key: value, value: name, ...output });
    this.#client.concluded(told);
  }

  async #acquire(): Promise<void> {
    const { name, random, cluster } = this.#client;
    const ttlMs = random.pick([200, 800, 3_000]);
    const waitMs = random.pick([0, 0, 400]);
    const told = await this.#ask({ kind: 'acquire', space: 'lock', name: 'l', owner: name, ttlMs, waitMs });
    const answer = answerOf(told);
    if (answer?.kind === 'held') {
      const { token } = answer.holder;
      this.#held = { token, ttlMs };
      cluster.counts.leases += 1;
      this.#client.fence = { lock: 'l', token };
      cluster.coordination.acquired('l', token, name, ttlMs, told);
      if (waitMs === 0) cluster.coordination.took('l', token);
    }
    const output = answer?.kind === 'held' ? { output: answer.holder.token } : {};
    this.#client.record(LEVEL, told, { op: 'acquire', key: 'l', value: name, ...output });
    this.#client.concluded(told);
  }

  /** Renew, release, or do nothing more about it. */
  async #goOnOrEnd({ token, ttlMs }: Held): Promise<void> {
    const { random, cluster, name } = this.#client;
    const how = random.weighted({ renew: 2, release: 2, abandon: 0.5 });
    if (how !== 'renew') this.#held = undefined;
    if (how === 'abandon') return;
    if (how === 'release') cluster.coordination.gaveUp('l', token);
    const told = await this.#ask({ kind: how, space: 'lock', name: 'l', token });
    if (how === 'renew' && told.status === 'ok') cluster.coordination.renewed('l', token, ttlMs, told.invokedMs);
    else if (how === 'renew') this.#held = undefined;
    if (how === 'release') this.#client.record(LEVEL, told, { op: 'release', key: 'l', value: name, expect: token });
    this.#client.concluded(told);
  }

  #ask(command: CoordinateRequest['command']): Promise<Told<CoordinateResult>> {
    const { random } = this.#client;
    const tries = random.chance(0.3) ? 3 : 1;
    const retry = tries > 1 ? { idempotencyKey: this.#client.newValue() } : {};
    return this.#client.ask<CoordinateResult>({
      what: JSON.stringify(command),
      describe: ({ answer }) => JSON.stringify(answer),
      level: LEVEL,
      tries,
      send: (replica, context) => orderedOf(replica).coordinate({ command, ...retry }, context),
    });
  }
}

function answerOf(told: Told<CoordinateResult>): CoordinationAnswer | undefined {
  return told.status === 'ok' ? told.result.answer : undefined;
}
