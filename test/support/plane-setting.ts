/** One plane of three, spoken to by hand: what peers would say is given to it, and what it says is looked at. */
import { utf8Encode } from '../../src/base/bytes.js';
import type { Origin, ReplicaId } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import { HLC_ZERO } from '../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { CausalPlane, type Now, type PlaneRecovered } from '../../src/replication/causal-plane.js';
import type { GroupsMessage, PlaneMessage, SnapshotPageMessage } from '../../src/replication/messages.js';
import type { WriteGroup } from '../../src/replication/write-group.js';
import { A, names, originOf, R1, R2, R3 } from './plane-values.js';

const { EMPTY } = VersionVector;
const NEW: PlaneRecovered = { vector: EMPTY, floor: EMPTY, forgotten: EMPTY, hlc: HLC_ZERO, installing: false };
const WALL_MS = 1_700_000_000_000;
const BODY = utf8Encode('body');

export class PlaneSetting {
  readonly plane: CausalPlane;
  readonly buffered: string[] = [];
  nowMs = 0;

  constructor(recovered: Partial<PlaneRecovered> = {}, self: Origin = A) {
    const members = [R1, R2, R3];
    this.plane = new CausalPlane({ self, members, random: () => 0.5 }, { ...NEW, ...recovered });
    this.plane.onBuffered = (held) => this.buffered.push(`+${names([held])}`);
    this.plane.onUnbuffered = (gone) => this.buffered.push(`-${names([gone])}`);
  }

  get now(): Now {
    return { monotonicMs: this.nowMs, wallMs: WALL_MS + this.nowMs };
  }

  receive(message: PlaneMessage, replica: ReplicaId = R2, origin: Origin = originOf(replica)): void {
    this.plane.receive({ replica, origin }, message, this.now);
  }

  tick(afterMs: number = LIMITS.tickMs): void {
    this.nowMs += afterMs;
    this.plane.tick(this.now);
  }

  issue(deps = EMPTY, wantReport = false): WriteGroup {
    return this.plane.issue(deps, BODY, wantReport, this.now);
  }

  persist(): string[] {
    const batch = this.plane.nextBatch();
    if (batch !== undefined) this.plane.persisted(this.now);
    return names(batch?.deliveries ?? []);
  }

  sent(): string[] {
    return this.plane.takeOutbox().sends.map(({ to, message }) => `${message.kind} to ${to}`);
  }
}

export function groups(list: readonly WriteGroup[], has = EMPTY, wantReport = false): GroupsMessage {
  return { kind: 'groups', vector: has, wantReport, groups: list };
}

export function page(
  session: number,
  has: VersionVector,
  rest: Partial<SnapshotPageMessage> = {},
): SnapshotPageMessage {
  const cursor = { table: 'keyspace', after: undefined } as const;
  const body = { cursor, vector: has, forgotten: EMPTY, entries: [], next: undefined };
  return { kind: 'snapshot-page', session, ...body, ...rest };
}
