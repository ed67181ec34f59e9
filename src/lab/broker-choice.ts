/** Which broker carries a lab's messages: a given server, a nats-server of this machine, or the embedded one. */
import type { Environment } from '../adapters/cache-directory.js';
import { probeNats } from '../adapters/nats-probe.js';
import { resolveNatsServer } from '../adapters/nats-server.js';
import { parseNatsUrl } from '../adapters/nats-url.js';
import { CausewayError } from '../base/errors.js';

export type BrokerChoice =
  | { readonly kind: 'external'; readonly url: string }
  | { readonly kind: 'binary'; readonly path: string; readonly version: string; readonly source: string }
  | { readonly kind: 'embedded'; readonly why: string };

export interface BrokerWishes {
  /** Use this server; defaults to `NATS_URL`. */
  readonly natsUrl?: string;
  /** `embedded` takes the embedded broker even where a nats-server is. */
  readonly transport?: 'nats-server' | 'embedded';
  /** Told in one line before anything is downloaded. */
  readonly announce?: (line: string) => void;
  /** Whether a nats-server may be downloaded. Defaults to true. */
  readonly install?: boolean;
}

const REACH_TIMEOUT_MS = 2_000;

/** @throws CausewayError `invalid-config` for a URL that is none, or a `NATS_SERVER_BIN` that cannot be used. */
export async function chooseBroker(env: Environment, wishes: BrokerWishes = {}): Promise<BrokerChoice> {
  if (wishes.transport === 'embedded') return { kind: 'embedded', why: 'it was asked for' };
  const { NATS_URL: fromEnvironment } = env;
  const url = wishes.natsUrl ?? (wishes.transport === undefined ? fromEnvironment : undefined);
  if (url !== undefined && url !== '') return { kind: 'external', url: checked(url) };
  const { announce, install } = wishes;
  const found = await resolveNatsServer(env, {
    ...(announce === undefined ? {} : { announce }),
    ...(install === undefined ? {} : { install }),
  });
  if (found.kind === 'none') return { kind: 'embedded', why: found.tried.join('; ') };
  return { kind: 'binary', path: found.path, version: found.version, source: found.source };
}

/** @throws CausewayError `transport-failed` if the server that was named does not answer. */
export async function checkReachable(choice: BrokerChoice): Promise<void> {
  if (choice.kind !== 'external') return;
  const { hostname, port, hostPort, tls } = parseNatsUrl(choice.url);
  // A server that speaks TLS from the first byte on may say nothing by itself.
  if (tls) return;
  try {
    await probeNats({ hostname, port, timeoutMs: REACH_TIMEOUT_MS });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CausewayError('transport-failed', `the server at ${hostPort} does not answer: ${reason}`);
  }
}

/** One line for people. */
export function describeBroker(choice: BrokerChoice): string {
  switch (choice.kind) {
    case 'external':
      return `NATS: the server at ${parseNatsUrl(choice.url).hostPort}`;
    case 'binary':
      return `NATS: nats-server ${choice.version} (${choice.path})`;
    case 'embedded':
      return `NATS: *** the broker built into Causeway stands in for a nats-server: ${choice.why} ***`;
  }
}

function checked(url: string): string {
  parseNatsUrl(url);
  return url;
}
