/** The causal plane of one replica, sans-IO: it decides what is delivered, persisted, published, fetched and forgotten. */
import type { ReplicaId } from '../base/ids.js';
import type { Dot } from '../clocks/dot.js';
import type { Hlc } from '../clocks/hybrid-logical-clock.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { PlaneMessage } from './messages.js';
import type {
  Now,
  Peer,
  PeerStatus,
  PersistBatch,
  PlaneCounters,
  PlaneOptions,
  PlaneOutbox,
  PlaneRecovered,
} from './plane-types.js';
import type { WriteGroup } from './write-group.js';

export type {
  InstallStep,
  Now,
  Peer,
  PeerStatus,
  PersistBatch,
  PlaneCounter,
  PlaneCounters,
  PlaneOptions,
  PlaneOutbox,
  PlaneRecovered,
  ServeRequest,
} from './plane-types.js';

export class CausalPlane {
  /** A group has to wait for its causes: the eventual view may show it. */
  onBuffered?: (group: WriteGroup) => void;
  /** The group is durable in the causal view now, or was dropped. */
  onUnbuffered?: (group: WriteGroup) => void;

  constructor(_options: PlaneOptions, _recovered: PlaneRecovered) {
    throw new Error('being written');
  }

  issue(_deps: VersionVector, _body: Uint8Array, _wantReport: boolean, _now: Now): WriteGroup {
    throw new Error('being written');
  }

  receive(_from: Peer, _message: PlaneMessage, _now: Now): void {}

  tick(_now: Now): void {}

  connected(_now: Now): void {}

  requestDigests(_now: Now): void {}

  nextBatch(): PersistBatch | undefined {
    return undefined;
  }

  persisted(_now: Now): void {}

  takeOutbox(): PlaneOutbox {
    return { sends: [], serves: [] };
  }

  get applied(): VersionVector {
    return VersionVector.EMPTY;
  }

  get durable(): VersionVector {
    return VersionVector.EMPTY;
  }

  get floor(): VersionVector {
    return VersionVector.EMPTY;
  }

  get forgotten(): VersionVector {
    return VersionVector.EMPTY;
  }

  get stable(): VersionVector {
    return VersionVector.EMPTY;
  }

  get hlc(): Hlc {
    return { ms: 0, logical: 0 };
  }

  get installing(): boolean {
    return false;
  }

  get buffered(): number {
    return 0;
  }

  bufferedGroups(): Iterable<WriteGroup> {
    return [];
  }

  durableAt(_dot: Dot): readonly ReplicaId[] {
    return [];
  }

  peers(_now: Now): readonly PeerStatus[] {
    return [];
  }

  get counters(): PlaneCounters {
    throw new Error('being written');
  }

  get restored(): number | undefined {
    return undefined;
  }
}
