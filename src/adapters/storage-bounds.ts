/** The sizes that the storage port promises to take, asserted by every adapter, so that none is more lenient. */
import { assert } from '../base/assert.js';
import { STORAGE_KEY_MAX_BYTES, STORAGE_VALUE_MAX_BYTES, type StorageWrite } from '../ports/storage.js';

export function assertKey(key: Uint8Array): void {
  if (key.length === 0 || key.length > STORAGE_KEY_MAX_BYTES) refuseLength('storage key', key.length);
}

/** An empty bound is the same as none below, and an empty range above. */
export function assertBound(bound: Uint8Array | undefined): void {
  if (bound !== undefined && bound.length > STORAGE_KEY_MAX_BYTES) refuseLength('range bound', bound.length);
}

/** Before the first write of a batch is handed to a store: half a batch must never get there. */
export function assertWrites(writes: readonly StorageWrite[]): void {
  for (const write of writes) {
    if (write.kind === 'delete-range') {
      assertBound(write.gte);
      assertBound(write.lt);
      continue;
    }
    assertKey(write.key);
    if (write.kind === 'put' && write.value.length > STORAGE_VALUE_MAX_BYTES) {
      refuseLength('storage value', write.value.length);
    }
  }
}

function refuseLength(what: string, length: number): never {
  assert(false, `${what} has a length the storage port does not take`, { length });
}
