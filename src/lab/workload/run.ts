/** Many clients at once, until enough was served. */
import { Draw } from './draw.js';
import type { History } from './history.js';
import { ObjectClient, type ObjectClientOptions } from './object-client.js';
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
}

export interface RegisterLoad {
  readonly clients: number;
  readonly groups: readonly [KeyGroup, ...KeyGroup[]];
  readonly mix: RegisterMix;
}

/** Every second client has a session; the others show no token, so that nothing but the level orders what they do. */
export async function runRegisterClients(ground: Ground, { clients, groups, mix }: RegisterLoad): Promise<void> {
  await runClients(ground, clients, 'p', (client, draw, name) => {
    const register = new RegisterClient({ client, draw, groups, mix, name });
    return () => register.step();
  });
}

export type ObjectLoad = Pick<ObjectClientOptions, 'sequences' | 'locks' | 'claims' | 'ttlMs' | 'waitMs'> & {
  readonly clients: number;
};

export async function runObjectClients(ground: Ground, { clients, ...objects }: ObjectLoad): Promise<void> {
  await runClients(ground, clients, 'o', (client, draw, name) => {
    const object = new ObjectClient({ client, draw, name, ...objects });
    return () => object.step();
  });
}

async function runClients(
  ground: Ground,
  clients: number,
  prefix: string,
  stepsOf: (client: RecordedClient, draw: Draw, name: string) => () => Promise<unknown>,
): Promise<void> {
  const one = async (number: number): Promise<void> => {
    const name = `${prefix}${number}`;
    const draw = new Draw(ground.seed * 1_009 + number * 31 + prefix.charCodeAt(0));
    const session = number % 2 === 0 ? { session: name } : {};
    const step = stepsOf(new RecordedClient({ ...ground, draw, ...session }), draw, name);
    while (!ground.signal.aborted) await step();
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => one(number)));
}
