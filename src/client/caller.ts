/** How the operations of a client or session are sent: with its token, its default level, and keys for its writes. */
import type { ApiRequest, Reply, RequestBody } from './attempt.js';
import { perform } from './call.js';
import type { ClientCore, TokenMemory } from './core.js';
import type { CallOptions, CoordinationOptions, Level } from './types.js';

export interface WriteCall {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly level: Level;
  readonly body?: RequestBody | undefined;
  readonly headers?: ApiRequest['headers'];
  readonly waitMs?: number | undefined;
}

export class Caller {
  readonly core: ClientCore;
  readonly memory: TokenMemory;

  constructor(core: ClientCore, memory: TokenMemory) {
    this.core = core;
    this.memory = memory;
  }

  read(path: string, options: CallOptions, more: Pick<ApiRequest, 'mayBeAbsent'> = {}): Promise<Reply> {
    const level = options.level ?? this.core.level;
    return perform(this.core, { method: 'GET', path, effect: 'read', level, ...more }, options, this.memory);
  }

  /** The read of a coordination object: linearizable unless the options name a weaker level, whatever the client's is. */
  readObject(path: string, options: CallOptions, more: Pick<ApiRequest, 'mayBeAbsent'> = {}): Promise<Reply> {
    return this.read(path, { ...options, level: options.level ?? 'linearizable' }, more);
  }

  /** A write is repeated under its `Idempotency-Key`, one of the caller's choice or a fresh one. */
  write(call: WriteCall, options: CoordinationOptions): Promise<Reply> {
    const { idempotency, runtime } = this.core;
    const key = options.idempotencyKey ?? (idempotency === 'auto' ? runtime.uniqueKey() : undefined);
    return perform(this.core, { ...call, effect: 'write', idempotencyKey: key }, options, this.memory);
  }

  /** Something that is the same done twice as done once, and so needs no key to be repeated. */
  set(call: WriteCall, options: CoordinationOptions): Promise<Reply> {
    const { idempotencyKey } = options;
    return perform(this.core, { ...call, effect: 'setting', idempotencyKey }, options, this.memory);
  }
}
