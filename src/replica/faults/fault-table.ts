/** The faults in force at one replica. Each ends by itself when its time to live is over. */
import type { ReplicaId } from '../../base/ids.js';
import type { Time } from '../../ports/time.js';
import type { ActiveFault, ClockFault, Fault, FaultControl, LinkFault, PartitionFault } from './fault-control.js';

interface Timed<F extends Fault> {
  readonly fault: F;
  readonly endsAtMs: number;
}

export class FaultTable implements FaultControl {
  readonly #time: Time;
  readonly #partitions = new Map<string, Timed<PartitionFault>>();
  readonly #links = new Map<string, Timed<LinkFault>>();
  #clock: Timed<ClockFault> | undefined;

  constructor(time: Time) {
    this.#time = time;
  }

  list(): readonly ActiveFault[] {
    const now = this.#time.monotonicMs();
    const clock = this.#clock === undefined ? [] : [this.#clock];
    return [...this.#partitions.values(), ...this.#links.values(), ...clock]
      .filter((timed) => timed.endsAtMs > now)
      .map((timed) => ({ ...timed.fault, remainingMs: Math.ceil(timed.endsAtMs - now) }));
  }

  put(fault: Fault): void {
    const endsAtMs = this.#time.monotonicMs() + fault.ttlMs;
    if (fault.kind === 'partition') this.#partitions.set(fault.name, { fault, endsAtMs });
    else if (fault.kind === 'link') this.#links.set(linkName(fault.from, fault.to), { fault, endsAtMs });
    else this.#clock = { fault, endsAtMs };
  }

  removePartition(name: string): boolean {
    const was = this.#alive(this.#partitions.get(name)) !== undefined;
    this.#partitions.delete(name);
    return was;
  }

  removeLink(from: ReplicaId, to: ReplicaId): boolean {
    const was = this.link(from, to) !== undefined;
    this.#links.delete(linkName(from, to));
    return was;
  }

  removeClock(): boolean {
    const was = this.#alive(this.#clock) !== undefined;
    this.#clock = undefined;
    return was;
  }

  clear(): void {
    this.#partitions.clear();
    this.#links.clear();
    this.#clock = undefined;
  }

  /** True if a partition separates the two. */
  cut(a: ReplicaId, b: ReplicaId): boolean {
    for (const timed of this.#partitions.values()) {
      const fault = this.#alive(timed);
      if (fault !== undefined && groupOf(fault, a) !== groupOf(fault, b)) return true;
    }
    return false;
  }

  link(from: ReplicaId, to: ReplicaId): LinkFault | undefined {
    return this.#alive(this.#links.get(linkName(from, to)));
  }

  skewMs(): number {
    return this.#alive(this.#clock)?.skewMs ?? 0;
  }

  /** No partition and no link fault is in force: the common case, checked once per message. */
  get quiet(): boolean {
    if (this.#partitions.size === 0 && this.#links.size === 0) return true;
    // Faults that have ended go here: nobody asks for those of links between others.
    for (const timed of [...this.#partitions.values()]) this.#alive(timed);
    for (const timed of [...this.#links.values()]) this.#alive(timed);
    return this.#partitions.size === 0 && this.#links.size === 0;
  }

  #alive<F extends Fault>(timed: Timed<F> | undefined): F | undefined {
    if (timed === undefined) return undefined;
    if (timed.endsAtMs > this.#time.monotonicMs()) return timed.fault;
    this.#forget(timed.fault);
    return undefined;
  }

  #forget(fault: Fault): void {
    if (fault.kind === 'partition') this.#partitions.delete(fault.name);
    else if (fault.kind === 'link') this.#links.delete(linkName(fault.from, fault.to));
    else this.#clock = undefined;
  }
}

function linkName(from: ReplicaId, to: ReplicaId): string {
  return `${from}>${to}`;
}

/** The group that holds `id`, or the id itself: whoever is in no group is alone. */
function groupOf(fault: PartitionFault, id: ReplicaId): number | ReplicaId {
  const index = fault.groups.findIndex((group) => group.includes(id));
  return index < 0 ? id : index;
}
