/**
 * The total order as the present incarnation of a replica takes part in it. A replica that found its data to be an old
 * copy goes on as another member, with no vote, no log and no state; whoever holds on to the order need not know.
 */
import type { Origin } from '../../base/ids.js';
import type { Configuration, MemberId, Membership } from '../../consensus/configuration.js';
import type { Message } from '../../consensus/messages.js';
import type { RaftStatus, TransferResult } from '../../consensus/raft-types.js';
import type { AppendResult, ReadIndexResult, TotalOrder } from '../../consensus/total-order.js';
import type { StorageWrite } from '../../ports/storage.js';
import type { MemberChangeResult, MemberOrder } from '../membership/member-order.js';
import type { Position } from '../membership/runs.js';
import type { RaftCounters, RaftOrderOptions } from './raft-options.js';
import { RaftOrder } from './raft-order.js';

export class IncarnationOrder implements TotalOrder, MemberOrder {
  readonly #options: Omit<RaftOrderOptions, 'self'>;
  #order: RaftOrder;
  #self: Origin;
  #isWiping = false;

  /** @throws CausewayError `data-dir-corrupt` */
  constructor(self: Origin, options: Omit<RaftOrderOptions, 'self'>) {
    this.#options = options;
    this.#self = self;
    this.#order = new RaftOrder({ ...options, self });
  }

  get hasLeader(): boolean {
    return this.#order.hasLeader;
  }

  get leader(): MemberId | undefined {
    return this.#order.leader;
  }

  get isLeader(): boolean {
    return this.#order.isLeader;
  }

  get isBlank(): boolean {
    return !this.#isWiping && this.#order.isBlank;
  }

  get counters(): RaftCounters {
    return this.#order.counters;
  }

  get position(): Position {
    return this.#order.position;
  }

  get configuration(): Configuration {
    return this.#order.configuration;
  }

  status(): RaftStatus {
    return this.#order.status();
  }

  append(command: Uint8Array, settle: (result: AppendResult) => void): void {
    this.#order.append(command, settle);
  }

  readIndex(settle: (result: ReadIndexResult) => void): void {
    this.#order.readIndex(settle);
  }

  receive(from: MemberId, message: Message): void {
    this.#order.receive(from, message);
  }

  tick(): void {
    this.#order.tick();
  }

  found(membership: Membership): Promise<void> {
    return this.#order.found(membership);
  }

  transfer(to: MemberId): TransferResult {
    return this.#order.transfer(to);
  }

  change(membership: Membership): MemberChangeResult {
    return this.#order.change(membership);
  }

  /** The incarnation ends: it writes nothing after this. Returns writes that forget all it had. */
  wipe(): readonly StorageWrite[] {
    this.#isWiping = true;
    const writes = this.#order.wipeWrites();
    void this.#order.close();
    return writes;
  }

  /** What `wipe` returned is durable, and so is the new incarnation. */
  reincarnated(self: Origin): void {
    this.#self = self;
    this.#order = new RaftOrder({ ...this.#options, self });
    this.#isWiping = false;
  }

  /** Hand the leadership, if it is here, to the voter that would go on soonest. True if one was asked. */
  resign(): boolean {
    const { configuration, progress } = this.status();
    const successors = progress
      .filter(({ member, active }) => active && member !== this.#self && configuration.voters.includes(member))
      .sort((a, b) => b.match - a.match);
    const successor = successors[0]?.member;
    return this.isLeader && successor !== undefined && this.transfer(successor).kind === 'accepted';
  }

  close(): Promise<void> {
    return this.#order.close();
  }
}
