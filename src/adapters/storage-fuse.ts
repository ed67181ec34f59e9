/**
 * The latch of a storage adapter: after the first failed write nothing that the device holds can be relied on, so
 * every later call fails for the same reason. A call after `close` is a bug of the caller and fails likewise.
 */

export class StorageFuse {
  readonly #parent: StorageFuse | undefined;
  #reason: Error | undefined;

  /** @param parent The fuse of the storage that a snapshot belongs to, whose failure is the snapshot's too. */
  constructor(parent?: StorageFuse) {
    this.#parent = parent;
  }

  /** Why the storage is unusable; absent while it works. */
  get reason(): Error | undefined {
    return this.#reason ?? this.#parent?.reason;
  }

  /** @throws the reason, once blown. */
  check(): void {
    const reason = this.reason;
    if (reason !== undefined) throw reason;
  }

  blow(reason: Error): void {
    this.#reason = reason;
  }
}
