/** Watching an election across replicas and broken connections. */

import type { Caller } from './caller.js';
import type { TokenMemory } from './core.js';
import { ProtocolError } from './errors.js';
import { type EventSource, eventsOf, openEvents } from './event-source.js';
import { type JsonObject, parseObject, stringAt } from './json.js';
import { namePath } from './keys.js';
import { type LeaseState, leaseState } from './lease-requests.js';
import { backoffMs } from './retry.js';
import type { CallOptions } from './types.js';

/** `timeoutMs` bounds each search for a replica, not the observation. */
export type ObserveOptions = CallOptions;

/** Who leads from now on, or that nobody does. */
export type LeaderChange = LeaseState & { readonly servedBy: string | undefined };

/** Three heartbeats of a replica: it sends a comment every 15 seconds. */
const SILENCE_MS = 45_000;

export async function* observeLeader(
  caller: Caller,
  name: string,
  options: ObserveOptions,
): AsyncGenerator<LeaderChange, void, undefined> {
  const { core } = caller;
  const path = `${namePath('elections', name)}/observe`;
  const headers = { Accept: 'text/event-stream' };
  const request = { method: 'GET', path, effect: 'read', level: options.level ?? 'linearizable', headers } as const;
  const history = new LeaderHistory();
  for (let broken = 0; ; broken += 1) {
    const source = await openEvents(core, request, options, borrowed(caller.memory));
    for await (const { event, data } of eventsOf(source, SILENCE_MS, options.signal)) {
      if (event !== 'leader') continue;
      const document = documentIn(source, data);
      const token = stringAt(document, 'token');
      if (token !== undefined) caller.memory.glean(token);
      const state = leaseState(document);
      broken = 0;
      if (history.isNews(state)) yield { ...state, servedBy: source.reply.headers.get('Served-By') ?? undefined };
    }
    core.endpoints.failed(source.reply.url, request.level, { kind: 'broken', cause: undefined }, core.runtime.nowMs());
    await core.runtime.sleep(backoffMs(broken + 1, core.policy, core.runtime.random()), options.signal);
  }
}

/** What was seen, so that a replica that lags, or tells the same again, makes nobody see a leader of the past. */
class LeaderHistory {
  #term = 0;
  #vacant: boolean | undefined;

  isNews(state: LeaseState): boolean {
    const term = state.held ? state.fencingToken : this.#term;
    const isNews =
      term > this.#term || (term === this.#term && this.#vacant !== !state.held && !this.#isRevival(state));
    if (isNews) {
      this.#term = term;
      this.#vacant = !state.held;
    }
    return isNews;
  }

  /** A term that has ended never begins again. */
  #isRevival(state: LeaseState): boolean {
    return state.held && this.#vacant === true;
  }
}

/** The session's token goes along; what comes later than the headers is in the events. */
function borrowed(memory: TokenMemory): TokenMemory {
  return {
    token: memory.token,
    isKept: false,
    observe: (received) => {
      memory.glean(received);
      return true;
    },
    glean: (received) => memory.glean(received),
  };
}

function documentIn({ reply }: EventSource, data: string): JsonObject {
  const document = parseObject(new TextEncoder().encode(data));
  if (document !== undefined) return document;
  throw new ProtocolError(`${reply.url} sent an event that is not a JSON object`, {
    outcome: 'not-applied',
    retryable: false,
    url: reply.url,
  });
}
