/** Many clients at once, until enough was served. */
import { setMaxListeners } from 'node:events';
import { Draw } from './draw.js';
import type { History } from './history.js';
import { ObjectClient, type ObjectClientOptions } from './object-client.js';
import { pause } from './pause.js';
import { RecordedClient } from './recorded-client.js';
import { type KeyGroup, RegisterClient, type RegisterMix } from './register-client.js';
import type { Requests, Target } from './requests.js';

/** Who is asked, and where it is written down. */
export interface Ground {
  readonly requests: Requests;
  readonly targets: () => readonly Target[];
  readonly history: History;
  /** The first choices of every client follow from it; what they meet does not. */
  readonly seed: number;
  /** Of each request. */
  readonly timeoutMs: number;
  /** Clients begin nothing more when it aborts. */
  readonly signal: AbortSignal;
  /** A client begins no more than one step in this time. Defaults to as many as it can. */
  readonly stepMs?: number;
}

export interface RegisterLoad {
  readonly groups: readonly [KeyGroup, ...KeyGroup[]];
  readonly mix: RegisterMix;
  /** Part of every value that is written, where the same clients carry more than one load. */
  readonly label?: string;
}

export type ObjectLoad = Pick<ObjectClientOptions, 'sequences' | 'locks' | 'claims' | 'ttlMs' | 'waitMs'>;

/** Every second client has a session; the others show no token, so that nothing but the level orders what they do. */
export async function runRegisterClients(
  ground: Ground,
  { clients, ...load }: RegisterLoad & { readonly clients: number },
): Promise<void> {
  await new Crowd(ground, clients, 'p').useRegisters(load, ground.signal);
}

export async function runObjectClients(
  ground: Ground,
  { clients, ...load }: ObjectLoad & { readonly clients: number },
): Promise<void> {
  await new Crowd(ground, clients, 'o').useObjects(load, ground.signal);
}

interface Member {
  readonly client: RecordedClient;
  readonly draw: Draw;
  readonly name: string;
}

/** Clients that keep their names and sessions from one load to the next. */
export class Crowd {
  readonly #members: readonly Member[];
  readonly #stepMs: number;

  /** `prefix` begins the names of all clients; no other crowd has it. */
  constructor(ground: Omit<Ground, 'signal'>, clients: number, prefix: string) {
    this.#stepMs = ground.stepMs ?? 0;
    this.#members = Array.from({ length: clients }, (_, number): Member => {
      const name = `${prefix}${number}`;
      const draw = new Draw(ground.seed * 1_009 + number * 31 + prefix.charCodeAt(0));
      const session = number % 2 === 0 ? { session: name } : {};
      return { client: new RecordedClient({ ...ground, draw, ...session }), draw, name };
    });
  }

  /** Until the signal aborts and every client has the answer to what it asked last. */
  async useRegisters({ label = '', ...load }: RegisterLoad, signal: AbortSignal): Promise<void> {
    await this.#run(signal, ({ name, ...member }) => {
      const register = new RegisterClient({ ...member, name: `${name}${label}`, ...load });
      return () => register.step();
    });
  }

  async useObjects(load: ObjectLoad, signal: AbortSignal): Promise<void> {
    await this.#run(signal, (member) => {
      const object = new ObjectClient({ ...member, ...load });
      return () => object.step();
    });
  }

  async #run(signal: AbortSignal, stepsOf: (member: Member) => () => Promise<unknown>): Promise<void> {
    // Every client listens while it waits for its next step.
    setMaxListeners(0, signal);
    const one = async (member: Member): Promise<void> => {
      const step = stepsOf(member);
      while (!signal.aborted) {
        const nextMs = performance.now() + this.#stepMs;
        await step();
        await pauseUntil(nextMs, signal);
      }
    };
    await Promise.all(this.#members.map(one));
  }
}

async function pauseUntil(timeMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = timeMs - performance.now();
  if (leftMs > 0) await pause(leftMs, signal);
}
