/** The dumbest driver the causal plane can have: no transport, no storage engine, one thing at a time. */
import { makeOrigin, type Origin, type ReplicaId } from '../../src/base/ids.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import {
  type Agreement,
  CausalPlane,
  type Now,
  type Peer,
  type PersistBatch,
} from '../../src/replication/causal-plane.js';
import type { Outgoing, PlaneMessage } from '../../src/replication/messages.js';
import type { WriteGroup } from '../../src/replication/write-group.js';
import { applyGroup, encodeOps, type Keys, type Op, PlaneDisk } from './plane-disk.js';

export interface PlaneReplicaOptions {
  readonly id: ReplicaId;
  readonly members: readonly ReplicaId[];
  readonly random: () => number;
  readonly now: () => Now;
  /** Tells incarnations of one id apart that different replicas of it had. */
  readonly firstIncarnation?: number;
}

/** At most this many groups in one `fetched`, so that catching up takes several. */
const FETCH_GROUPS = 8;

export class PlaneReplica {
  readonly id: ReplicaId;
  disk: PlaneDisk;
  plane: CausalPlane;
  /** Taken from the plane, not durable yet. */
  batch: PersistBatch | undefined;
  /** Groups that wait for their causes, as the plane's callbacks say. */
  readonly waiting = new Set<WriteGroup>();
  readonly #options: PlaneReplicaOptions;
  #incarnation: number;
  /** On disk, like the rest. */
  #agreement: Agreement | undefined;
  /** Storage as the next local write sees it: what is durable and what was issued since. */
  #turn: Keys | undefined;
  readonly #sessions = new Map<string, PlaneDisk>();

  constructor(options: PlaneReplicaOptions) {
    this.id = options.id;
    this.#options = options;
    this.#incarnation = (options.firstIncarnation ?? 1) - 1;
    this.disk = new PlaneDisk(this.#newOrigin());
    this.plane = this.#open();
  }

  get peer(): Peer {
    return { replica: this.id, origin: this.disk.origin };
  }

  get origin(): Origin {
    return this.disk.origin;
  }

  /** Issue one group over what is here. Undefined while a batch is outstanding, or the replica must not write. */
  write(ops: readonly Op[], token: VersionVector, wantReport = false): WriteGroup | undefined {
    if (this.batch !== undefined || this.plane.restored !== undefined || !this.plane.joined) return undefined;
    this.#turn ??= new Map(this.disk.keys);
    let deps = token;
    for (const { key } of ops) {
      for (const version of this.#turn.get(key) ?? []) deps = deps.join(version.deps).with(version.dot);
    }
    const group = this.plane.issue(deps, encodeOps(ops), wantReport, this.#options.now());
    applyGroup(this.#turn, group);
    return group;
  }

  gather(): PersistBatch | undefined {
    if (this.batch !== undefined) return undefined;
    this.batch = this.plane.nextBatch();
    return this.batch;
  }

  /** The batch that was gathered becomes durable. */
  persist(): void {
    if (this.batch === undefined) return;
    this.disk.commit(this.batch);
    this.batch = undefined;
    this.#turn = undefined;
    this.plane.persisted(this.#options.now());
  }

  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  /** The agreement is on disk and counts from now on. */
  agree(agreement: Agreement): void {
    this.#agreement = agreement;
    this.plane.setMembers(agreement, this.#options.now());
  }

  receive(from: Peer, message: PlaneMessage): void {
    this.plane.receive(from, message, this.#options.now());
  }

  tick(): void {
    this.plane.tick(this.#options.now());
  }

  connected(): void {
    this.plane.connected(this.#options.now());
  }

  /** Everything that leaves now; answers to peers are read from disk. */
  takeMessages(): Outgoing[] {
    const { sends, serves } = this.plane.takeOutbox();
    const answers = serves.map(({ to, ...serve }): Outgoing => {
      if (serve.kind === 'serve-snapshot') {
        return { to, message: this.#page(to, serve.session, serve.cursor) };
      }
      const { vector, floor } = this.disk;
      const groups = serve.behind ? [] : this.#operations(serve.ranges);
      const { request, behind } = serve;
      return { to, message: { kind: 'fetched', request, vector, floor, behind, groups } };
    });
    return [...sends, ...answers];
  }

  /** The process dies and starts again over what was durable. */
  crash(): void {
    this.#forgetProcess();
    this.plane = this.#open();
  }

  /** The data directory is lost: a new incarnation. */
  wipe(): void {
    this.#forgetProcess();
    this.#agreement = undefined;
    this.disk = new PlaneDisk(this.#newOrigin());
    this.plane = this.#open();
  }

  /** The data directory is replaced by `disk`. */
  restore(disk: PlaneDisk): void {
    this.#forgetProcess();
    this.disk = disk.copy();
    this.plane = this.#open();
  }

  /** Go on with the same data under a new origin. */
  reincarnate(): void {
    this.#forgetProcess();
    this.disk = this.disk.copy(this.#newOrigin());
    this.plane = this.#open();
  }

  #newOrigin(): Origin {
    this.#incarnation += 1;
    return makeOrigin(this.id, this.#incarnation);
  }

  #forgetProcess(): void {
    this.batch = undefined;
    this.#turn = undefined;
    this.waiting.clear();
    this.#sessions.clear();
  }

  #open(): CausalPlane {
    const { vector, floor, forgotten, hlc, installTarget } = this.disk;
    const { members, random } = this.#options;
    const plane = new CausalPlane(
      { self: this.disk.origin, members, agreement: this.#agreement, random },
      { vector, floor, forgotten, hlc, installing: installTarget !== undefined, installTarget },
    );
    plane.onBuffered = (group) => this.waiting.add(group);
    plane.onUnbuffered = (group) => this.waiting.delete(group);
    return plane;
  }

  #operations(
    ranges: readonly { readonly origin: Origin; readonly have: number; readonly need: number }[],
  ): WriteGroup[] {
    const groups: WriteGroup[] = [];
    for (const { origin, have, need } of ranges) {
      for (let counter = have + 1; counter <= need && groups.length < FETCH_GROUPS; counter += 1) {
        const group = this.disk.operations.get(`${origin}.${counter}`);
        if (group !== undefined) groups.push(group);
      }
    }
    return groups;
  }

  #page(to: ReplicaId, session: number, cursor: { table: 'keyspace' | 'retries'; after: Uint8Array | undefined }) {
    const name = `${to} ${session}`;
    if (cursor.after === undefined) this.#sessions.set(name, this.disk.copy());
    const state = this.#sessions.get(name);
    if (state === undefined) return { kind: 'snapshot-gone', session } as const;
    return state.page(session, cursor);
  }
}

export const NO_TOKEN = VersionVector.EMPTY;
