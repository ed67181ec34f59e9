/**
 * The causal buffer: holds groups of peers back until everything they depend on is there, and gives them out in causal
 * order. It knows nothing of time, peers or storage.
 *
 * A group waits for one dot at a time. All but the first of an origin's stream wait for their predecessor, which needs
 * no index; only the first ones, at most one for each origin, are listed under the dot of another origin that they lack.
 * So a group costs a constant number of look-ups whatever the order of arrival, and nothing is ever scanned again.
 */
import { assert } from '../base/assert.js';
import { LOG_ORIGIN, type Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from '../clocks/dot.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { CounterGap } from './counter-runs.js';
import { OriginStream } from './origin-stream.js';
import { ReadyQueue } from './ready-queue.js';
import type { WriteGroup } from './write-group.js';

/** What became of an offered group: deliverable at once, waiting, known already, or dropped for want of room. */
export type BufferOffer = 'ready' | 'buffered' | 'duplicate' | 'full';

/** Told when a group starts to wait, and when it is durable, or dropped, after it had to wait. */
export interface BufferWatcher {
  readonly buffered: (group: WriteGroup) => void;
  readonly unbuffered: (group: WriteGroup) => void;
}

export interface BufferBounds {
  readonly maxGroups: number;
  readonly maxBytes: number;
  readonly maxOrigins: number;
}

const DEFAULT_BOUNDS: BufferBounds = {
  maxGroups: LIMITS.bufferMaxGroups,
  maxBytes: LIMITS.bufferMaxBytes,
  /** One entry of every version vector is kept for our own origin, and one for the log. */
  maxOrigins: LIMITS.vectorMaxEntries - 2,
};

export class CausalBuffer {
  readonly #streams = new Map<Origin, OriginStream>();
  /** Streams whose next group is here, by the origin of the dot it lacks. */
  readonly #waiting = new Map<Origin, OriginStream[]>();
  readonly #ready = new ReadyQueue();
  /** Groups that had to wait and are not durable yet. */
  readonly #announced = new Set<WriteGroup>();
  readonly #watcher: BufferWatcher;
  readonly #bounds: BufferBounds;
  #heldGroups = 0;
  #heldBytes = 0;

  constructor(delivered: VersionVector, watcher: BufferWatcher, bounds: BufferBounds = DEFAULT_BOUNDS) {
    this.#watcher = watcher;
    this.#bounds = bounds;
    for (const [origin, counter] of delivered.entries()) this.#open(origin).frontier = counter;
  }

  /** Groups that wait for something. */
  get held(): number {
    return this.#heldGroups;
  }

  /** Groups that may be delivered. */
  get ready(): number {
    return this.#ready.length;
  }

  get isHalfFull(): boolean {
    return this.#heldGroups * 2 >= this.#bounds.maxGroups || this.#heldBytes * 2 >= this.#bounds.maxBytes;
  }

  /** Groups that had to wait and are not durable yet, in order of arrival. */
  get announced(): ReadonlySet<WriteGroup> {
    return this.#announced;
  }

  /** A group of a peer. One that can be delivered is taken even when those that wait fill the buffer, or none ever could. */
  offer(group: WriteGroup): BufferOffer {
    const { origin, counter } = group.dot;
    const stream = this.#streams.get(origin) ?? this.#openIfRoom(origin);
    if (stream === undefined) return 'full';
    if (stream.has(counter)) return 'duplicate';
    const isNext = counter === stream.frontier + 1;
    const lacks = isNext ? this.#firstLacking(group.deps) : undefined;
    if (isNext && lacks === undefined) return this.#accept(stream, group);
    if (this.#heldGroups >= this.#bounds.maxGroups || this.#heldBytes >= this.#bounds.maxBytes) {
      this.#closeIfIdle(stream);
      return 'full';
    }
    this.#hold(stream, group);
    if (lacks !== undefined) this.#block(stream, lacks);
    return 'buffered';
  }

  /** Our own origin has come to `dot` without passing through here. */
  advance(dot: Dot): void {
    const { origin, counter } = dot;
    const stream = this.#open(origin);
    const { frontier } = stream;
    assert(counter === frontier + 1, 'own counter skips', { origin, counter, frontier });
    stream.frontier = counter;
    if (this.#waiting.has(origin)) this.#settle(stream);
  }

  /** The next groups in causal order: at least one if any is ready, then as many as the bounds allow. */
  take(maxGroups: number, maxBytes: number): WriteGroup[] {
    return this.#ready.take(maxGroups, maxBytes);
  }

  /** What was taken is durable: whoever watched it wait finds it in storage now. */
  durable(groups: readonly WriteGroup[]): void {
    for (const group of groups) {
      if (this.#announced.size === 0) return;
      this.#conceal(group);
    }
  }

  /** Everything up to `vector` came by another way. Drops what it covers, and returns how many groups that were. */
  jump(vector: VersionVector): number {
    const dropped = this.#ready.removeCovered(vector);
    for (const [origin, counter] of vector.entries()) {
      const stream = this.#open(origin);
      stream.frontier = Math.max(stream.frontier, counter);
    }
    const streams = this.#streamsWhere(() => true);
    for (const stream of streams) dropped.push(...this.#removeHeld(stream, stream.frontier));
    for (const group of dropped) this.#conceal(group);
    this.#waiting.clear();
    for (const stream of streams) stream.lacks = undefined;
    for (const stream of streams) this.#settle(stream);
    return dropped.length;
  }

  /** Drop everything that waits in the stream of `origin`, and return how many groups that were. */
  dropHeld(origin: Origin): number {
    const stream = this.#streams.get(origin);
    if (stream === undefined) return 0;
    this.#unblock(stream);
    const dropped = this.#removeHeld(stream, Number.MAX_SAFE_INTEGER);
    for (const group of dropped) this.#conceal(group);
    this.#closeIfIdle(stream);
    return dropped.length;
  }

  /** Every origin whose stream stands still though groups of it are here, with the dot it waits for; sorted. */
  blocked(): { readonly origin: Origin; readonly missing: Dot }[] {
    return this.#streamsWhere((stream) => stream.held > 0).map(({ origin, missing }) => ({ origin, missing }));
  }

  /** Origins of which something is here that `durable` does not cover: it waits, or is on its way to storage. Sorted. */
  holding(durable: VersionVector): Origin[] {
    const isAhead = ({ origin, held, frontier }: OriginStream) => held > 0 || frontier > durable.get(origin);
    return this.#streamsWhere(isAhead).map(({ origin }) => origin);
  }

  /** The group is here, waiting or delivered. */
  holds(dot: Dot): boolean {
    return this.#streams.get(dot.origin)?.has(dot.counter) ?? false;
  }

  /** The next group of the stream is here and waits for another origin. */
  isHeadBlocked(origin: Origin): boolean {
    return this.#streams.get(origin)?.lacks !== undefined;
  }

  /** The lowest counter of `origin` that is neither delivered, nor ready, nor here. */
  firstAbsent(origin: Origin): number {
    const stream = this.#streams.get(origin);
    return stream === undefined ? 1 : stream.runs.endFrom(stream.frontier + 1) + 1;
  }

  /** What is absent up to `through`; see `CounterRuns.gaps`. */
  gaps(origin: Origin, through: number, maxGaps: number, bridge: number): CounterGap[] {
    const stream = this.#streams.get(origin);
    if (stream === undefined) return through > 0 ? [{ have: 0, need: through }] : [];
    return stream.runs.gaps(stream.frontier, through, maxGaps, bridge);
  }

  #accept(stream: OriginStream, group: WriteGroup): BufferOffer {
    if (this.#ready.length >= this.#bounds.maxGroups || this.#ready.bytes >= this.#bounds.maxBytes) return 'full';
    stream.frontier = group.dot.counter;
    this.#ready.push(group);
    if (stream.held > 0 || this.#waiting.has(stream.origin)) this.#settle(stream);
    return 'ready';
  }

  /** Make ready what can be, from `first` on, until nothing moves: a list of work instead of recursion. */
  #settle(first: OriginStream): void {
    const work: OriginStream[] = [first];
    for (let stream = work.pop(); stream !== undefined; stream = work.pop()) {
      if (stream.lacks === undefined) this.#drain(stream);
      this.#wake(stream, work);
    }
  }

  #drain(stream: OriginStream): void {
    for (let group = stream.next(); group !== undefined; group = stream.next()) {
      const lacks = this.#firstLacking(group.deps);
      if (lacks !== undefined) {
        this.#block(stream, lacks);
        break;
      }
      stream.pass(group);
      this.#heldGroups -= 1;
      this.#heldBytes -= group.encoded.length;
      this.#ready.push(group);
    }
    stream.passed();
  }

  /** Streams that waited for what `stream` has reached go on the list of work. */
  #wake(stream: OriginStream, work: OriginStream[]): void {
    const waiting = this.#waiting.get(stream.origin);
    if (waiting === undefined) return;
    let kept = 0;
    for (const waiter of waiting) {
      if (waiter.lacks !== undefined && waiter.lacks.counter > stream.frontier) {
        waiting[kept++] = waiter;
        continue;
      }
      waiter.lacks = undefined;
      work.push(waiter);
    }
    waiting.length = kept;
    if (kept === 0) this.#waiting.delete(stream.origin);
  }

  #block(stream: OriginStream, lacks: Dot): void {
    stream.lacks = lacks;
    const waiting = this.#waiting.get(lacks.origin);
    if (waiting === undefined) this.#waiting.set(lacks.origin, [stream]);
    else waiting.push(stream);
  }

  #unblock(stream: OriginStream): void {
    if (stream.lacks === undefined) return;
    const { origin } = stream.lacks;
    const others = (this.#waiting.get(origin) ?? []).filter((waiter) => waiter !== stream);
    if (others.length === 0) this.#waiting.delete(origin);
    else this.#waiting.set(origin, others);
    stream.lacks = undefined;
  }

  /** The first entry of `deps` that is not reached yet. Asked for every group, so it allocates only if there is one. */
  #firstLacking(deps: VersionVector): Dot | undefined {
    this.#lackingCounter = 0;
    deps.forEach(this.#probe);
    return this.#lackingCounter === 0 ? undefined : { origin: this.#lackingOrigin, counter: this.#lackingCounter };
  }

  #lackingOrigin: Origin = LOG_ORIGIN;
  #lackingCounter = 0;
  readonly #probe = (origin: Origin, counter: number): void => {
    if (this.#lackingCounter !== 0 || counter <= (this.#streams.get(origin)?.frontier ?? 0)) return;
    this.#lackingOrigin = origin;
    this.#lackingCounter = counter;
  };

  #hold(stream: OriginStream, group: WriteGroup): void {
    stream.hold(group);
    this.#heldGroups += 1;
    this.#heldBytes += group.encoded.length;
    this.#announced.add(group);
    this.#watcher.buffered(group);
  }

  #conceal(group: WriteGroup): void {
    if (this.#announced.delete(group)) this.#watcher.unbuffered(group);
  }

  #removeHeld(stream: OriginStream, through: number): WriteGroup[] {
    const removed = stream.removeThrough(through);
    this.#heldGroups -= removed.length;
    for (const group of removed) this.#heldBytes -= group.encoded.length;
    return removed;
  }

  /** In the order of their origins. */
  #streamsWhere(holds: (stream: OriginStream) => boolean): OriginStream[] {
    const found: OriginStream[] = [];
    for (const stream of this.#streams.values()) if (holds(stream)) found.push(stream);
    return found.sort((a, b) => (a.origin < b.origin ? -1 : 1));
  }

  #open(origin: Origin): OriginStream {
    const known = this.#streams.get(origin);
    if (known !== undefined) return known;
    const stream = new OriginStream(origin);
    this.#streams.set(origin, stream);
    return stream;
  }

  #openIfRoom(origin: Origin): OriginStream | undefined {
    const hasRoom = origin === LOG_ORIGIN || this.#streams.size < this.#bounds.maxOrigins;
    return hasRoom ? this.#open(origin) : undefined;
  }

  #closeIfIdle(stream: OriginStream): void {
    if (stream.frontier === 0 && stream.held === 0) this.#streams.delete(stream.origin);
  }
}
