/**
 * The open loop: at each replica and level clients arrive by chance at a steady rate, whether those before them were
 * answered or not, and what they wait for counts from the moment they meant to begin (G. Tene, "How not to measure latency":
 * a load that waits for answers leaves out the very moments that are slow).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Level } from '../../check/history/record.js';
import { Draw } from '../workload/draw.js';
import type { Requests, Target } from '../workload/requests.js';
import { type Along, Conversations, type Place } from './conversations.js';
import { LEVELS, type LoadPlan, MIXES } from './plan.js';
import { Popularity } from './popularity.js';
import type { Recorder } from './recorder.js';
import { Visitor } from './visitor.js';

export interface ArrivalOptions {
  readonly load: LoadPlan;
  readonly seed: number;
  readonly targets: readonly Target[];
  readonly requests: Requests;
  readonly recorder: Recorder;
  /** Begins the names of all keys and clients. */
  readonly prefix: string;
}

/** Clients race for a name for this long, then for the next. */
const CLAIM_PERIOD_MS = 250;
/** A timer fires so late on an idle machine; only what is later was kept waiting. */
const TIMER_GRACE_NS = 1_500_000;
const NS_PER_MS = 1_000_000;

export class Arrivals {
  readonly #doors: readonly Door[];
  readonly #talks: readonly Conversations[];

  constructor(options: ArrivalOptions) {
    const places = LEVELS.flatMap((level) => options.targets.map((target) => ({ level, target })));
    this.#doors = places.map(({ level, target }, i) => new Door(options, level, target, options.seed * 1_009 + i * 31));
    const { prefix, load, seed } = options;
    this.#talks = LEVELS.map((level, i) => {
      const doors = this.#doors.filter((door) => door.level === level);
      return new Conversations(doors, `${prefix}-${level}`, load.conversationsPerSecond, new Draw(seed + i));
    });
  }

  /** Lets clients in for this long, then waits until all are answered. Conversations lead `along` a link, or everywhere. */
  async run(durationMs: number, along?: Along): Promise<void> {
    const doors = this.#doors.map((door) => door.run(durationMs));
    await Promise.all([...doors, ...this.#talks.map((talk) => talk.run(durationMs, along))]);
  }

  /** How many clients there were in all. */
  get clients(): number {
    return this.#doors.reduce((sum, door) => sum + door.clients, 0);
  }
}

/** One replica at one level. */
class Door implements Place {
  readonly #options: ArrivalOptions;
  readonly level: Level;
  readonly #target: Target;
  readonly #draw: Draw;
  readonly #popularity: Popularity;
  /** Those who wait for nothing; the one who rested longest comes first. */
  readonly #idle: Visitor[] = [];
  clients = 0;

  constructor(options: ArrivalOptions, level: Level, target: Target, seed: number) {
    this.#options = options;
    this.level = level;
    this.#target = target;
    this.#draw = new Draw(seed);
    this.#popularity = new Popularity(options.load.keys, options.load.distribution);
  }

  get at(): string {
    return this.#target.id;
  }

  async run(durationMs: number): Promise<void> {
    const { history } = this.#options.recorder;
    const endNs = history.nowNs() + durationMs * NS_PER_MS;
    const under: Promise<void>[] = [];
    for (let at = history.nowNs() + this.#gapNs(); at < endNs; at += this.#gapNs()) {
      const earlyMs = (at - history.nowNs()) / NS_PER_MS;
      if (earlyMs > 0) await sleep(earlyMs);
      under.push(this.#admit(Math.min(history.nowNs(), at + TIMER_GRACE_NS)));
    }
    await Promise.all(under);
  }

  /** Exponential: arrivals that know nothing of each other. */
  #gapNs(): number {
    return (-Math.log(1 - this.#draw.float()) / this.#options.load.ratePerSecond) * 1_000 * NS_PER_MS;
  }

  async #admit(intended: number): Promise<void> {
    await this.visit((visitor) => this.#doSomething(visitor, intended));
  }

  /** Lends a client that waits for nothing. */
  async visit(errand: (visitor: Visitor) => Promise<void>): Promise<void> {
    const visitor = this.#idle.shift() ?? this.#newVisitor();
    await errand(visitor);
    this.#idle.push(visitor);
  }

  async #doSomething(visitor: Visitor, intended: number): Promise<void> {
    const { read, write, update, claim } = MIXES[this.#options.load.mix];
    const key = `${this.#options.prefix}-${this.level}-${this.#popularity.next(this.#draw)}`;
    const errand = this.#draw.weighted([
      [read, () => visitor.read(key, intended)],
      [write, () => visitor.write(key, intended)],
      [update, () => visitor.update(key, intended)],
      [claim, () => visitor.claim(this.#claimed(intended), intended)],
    ]);
    await errand();
  }

  #claimed(intended: number): string {
    return `${this.#options.prefix}-${this.level}-claim-${Math.floor(intended / NS_PER_MS / CLAIM_PERIOD_MS)}`;
  }

  #newVisitor(): Visitor {
    const { recorder, requests, load, prefix } = this.#options;
    this.clients += 1;
    const name = `${prefix}-${this.level.slice(0, 1)}-${this.#target.id}-${this.clients}`;
    const { timeoutMs, valueSize } = load;
    return new Visitor({ name, level: this.level, target: this.#target, requests, recorder, timeoutMs, valueSize });
  }
}
