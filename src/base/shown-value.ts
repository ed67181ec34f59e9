/** The values that keys show, as the keyspace tells them to the objects beside it. */

/** A key and the value it shows. */
export interface ShownValue {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** What one entry of the log makes of the value that a key shows; undefined = it shows none. */
export interface ValueChange {
  readonly key: string;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}
