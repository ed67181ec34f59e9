/**
 * Fault injection. Every replica enforces its own side of a partition or link, so an instruction goes to all replicas
 * of the client, over HTTP and never through what it cuts. Replicas answer these only with `--enable-faults`.
 */
import { documentOf } from './answers.js';
import type { ApiRequest, Reply } from './attempt.js';
import { perform } from './call.js';
import { jsonBody } from './content.js';
import type { ClientCore } from './core.js';
import { FanOutError, type FanOutFailure } from './errors.js';
import { arrayAt } from './json.js';
import { encodeText } from './keys.js';
import { FORGETFUL } from './session.js';
import type { CallOptions } from './types.js';

/** `url` restricts an instruction to one replica. */
export interface FaultOptions extends Omit<CallOptions, 'level'> {
  /** A fault heals by itself after this. Default: the replica's, one minute. */
  readonly ttlMs?: number | undefined;
}

/** What happens to messages on a directed link; what is left out does not happen. */
export interface LinkRule {
  /** Probability of loss, 0 to 1. */
  readonly drop?: number;
  readonly delayMs?: number;
  /** A uniform extra delay, 0 to this. */
  readonly jitterMs?: number;
  /** Probability that a message arrives twice, 0 to 1. */
  readonly duplicate?: number;
}

/** A fault in force at one replica. */
export interface ActiveFault {
  readonly kind: 'partition' | 'link' | 'clock';
  readonly remainingMs: number;
  readonly [member: string]: unknown;
}

export interface ReplicaFaults {
  readonly url: string;
  readonly faults: readonly ActiveFault[];
}

export class Faults {
  readonly #core: ClientCore;

  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** Cut all links between replicas of different groups. A replica in no group is alone. */
  async partition(name: string, groups: readonly (readonly string[])[], options: FaultOptions = {}): Promise<void> {
    await this.#tellAll('PUT', partitionPath(name), options, { groups, ttlMs: options.ttlMs });
  }

  async removePartition(name: string, options: FaultOptions = {}): Promise<void> {
    await this.#tellAll('DELETE', partitionPath(name), options);
  }

  /** Make the link from one replica to another slow or lossy, in this direction. */
  async link(from: string, to: string, rule: LinkRule, options: FaultOptions = {}): Promise<void> {
    await this.#tellAll('PUT', linkPath(from, to), options, { ...rule, ttlMs: options.ttlMs });
  }

  async removeLink(from: string, to: string, options: FaultOptions = {}): Promise<void> {
    await this.#tellAll('DELETE', linkPath(from, to), options);
  }

  /** Put the wall clock of the replica at `url` wrong by `skewMs`; negative is behind. */
  async clock(url: string, skewMs: number, options: Omit<FaultOptions, 'url'> = {}): Promise<void> {
    await this.#tellAll('PUT', CLOCK_PATH, { ...options, url }, { skewMs, ttlMs: options.ttlMs });
  }

  async removeClock(url: string, options: Omit<FaultOptions, 'url'> = {}): Promise<void> {
    await this.#tellAll('DELETE', CLOCK_PATH, { ...options, url });
  }

  /** End all faults everywhere. */
  async heal(options: FaultOptions = {}): Promise<void> {
    await this.#tellAll('DELETE', '/v1/faults', options);
  }

  /** What is in force at each replica. */
  async list(options: FaultOptions = {}): Promise<readonly ReplicaFaults[]> {
    const replies = await this.#fanOut(
      { method: 'GET', path: '/v1/faults', level: undefined, effect: 'read' },
      options,
    );
    return replies.map(({ url, reply }) => ({ url, faults: arrayAt(documentOf(reply), 'faults') as ActiveFault[] }));
  }

  async #tellAll(method: 'PUT' | 'DELETE', path: string, options: FaultOptions, body?: object): Promise<void> {
    const request: ApiRequest = {
      method,
      path,
      level: undefined,
      effect: 'setting',
      body: body && jsonBody(body),
      // Removing what has already healed is no failure.
      mayBeAbsent: method === 'DELETE',
    };
    await this.#fanOut(request, options);
  }

  /** @throws FanOutError unless all followed; or the reason of the caller's signal. */
  async #fanOut(
    request: ApiRequest,
    options: FaultOptions,
  ): Promise<{ readonly url: string; readonly reply: Reply }[]> {
    const urls = options.url === undefined ? this.#core.endpoints.urls : [options.url];
    const calls = urls.map((url) => perform(this.#core, request, { ...options, url }, FORGETFUL));
    const results = await Promise.allSettled(calls);
    options.signal?.throwIfAborted();
    const replies: { readonly url: string; readonly reply: Reply }[] = [];
    const failed: FanOutFailure[] = [];
    results.forEach((result, at) => {
      const url = urls[at] ?? '';
      if (result.status === 'fulfilled') replies.push({ url, reply: result.value });
      else failed.push({ url, error: result.reason });
    });
    const [first] = failed;
    if (first !== undefined && urls.length === 1) throw first.error;
    if (first !== undefined)
      throw new FanOutError(
        replies.map(({ url }) => url),
        failed,
      );
    return replies;
  }
}

const CLOCK_PATH = '/v1/faults/clock';

function partitionPath(name: string): string {
  return `/v1/faults/partitions/${encodeText(name)}`;
}

function linkPath(from: string, to: string): string {
  return `/v1/faults/links/${encodeText(from)}/${encodeText(to)}`;
}
