/**
 * The transport port over a simulated message broker. Every directed link loses, delays and doubles; links are cut in
 * either direction; a replica loses its connection to the broker, or all do.
 */
import type { ReplicaId } from '../../base/ids.js';
import type { Transport, TransportStatus } from '../../ports/transport.js';
import type { SimRandom } from '../random.js';
import type { ProcessClock } from './process-clock.js';
import type { VirtualClock } from './virtual-clock.js';
import type { Weather } from './weather.js';

export interface NetworkOptions {
  readonly clock: VirtualClock;
  readonly random: SimRandom;
  readonly weather: Weather;
  /** Told of every message that was sent, and how many copies will arrive. */
  readonly onSent: (from: ReplicaId, to: ReplicaId, bytes: Uint8Array, copies: number) => void;
}

interface Connection {
  readonly self: ReplicaId;
  readonly process: ProcessClock;
  isConnected: boolean;
  /** Counts connections: a message under way is lost with the one it was meant for. */
  epoch: number;
  receive: ((bytes: Uint8Array) => void) | undefined;
  report: ((status: TransportStatus) => void) | undefined;
}

export class SimNetwork {
  readonly #options: NetworkOptions;
  readonly #connections = new Set<Connection>();
  /** Directed links, `r1>r2`, and how many cuts hold each. */
  readonly #cuts = new Map<string, number>();
  readonly #slow = new Map<string, number>();
  /** Whose connection to the broker is down, and how many faults hold it down. */
  readonly #offline = new Map<ReplicaId, number>();
  #weather: Weather;
  /** Messages that were not delivered, one way or another. */
  lost = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#weather = options.weather;
  }

  setWeather(weather: Weather): void {
    this.#weather = weather;
  }

  cut(from: ReplicaId, to: ReplicaId): void {
    count(this.#cuts, `${from}>${to}`, 1);
  }

  mend(from: ReplicaId, to: ReplicaId): void {
    count(this.#cuts, `${from}>${to}`, -1);
  }

  /** Messages of this link take `ms` more, or less again. */
  slow(from: ReplicaId, to: ReplicaId, ms: number): void {
    count(this.#slow, `${from}>${to}`, ms);
  }

  disconnect(replica: ReplicaId): void {
    count(this.#offline, replica, 1);
    this.#report(replica);
  }

  reconnect(replica: ReplicaId): void {
    count(this.#offline, replica, -1);
    this.#report(replica);
  }

  /** Whether a message has a chance to get from one to the other. */
  isOpen(from: ReplicaId, to: ReplicaId): boolean {
    return !this.#cuts.has(`${from}>${to}`) && !this.#offline.has(from) && !this.#offline.has(to);
  }

  connect(self: ReplicaId, process: ProcessClock): Transport {
    const isConnected = !this.#offline.has(self);
    const connection: Connection = { self, process, isConnected, epoch: 0, receive: undefined, report: undefined };
    this.#connections.add(connection);
    const status = (): TransportStatus => ({ connected: connection.isConnected, description: 'simulated' });
    return {
      send: (to, bytes) => this.#send(connection, bytes, ({ self: id }) => id === to),
      broadcast: (bytes) => this.#send(connection, bytes, () => true),
      onMessage: (handler) => {
        connection.receive = handler;
      },
      onStatus: (handler) => {
        connection.report = handler;
      },
      status,
      close: () => {
        connection.isConnected = false;
        this.#connections.delete(connection);
        return Promise.resolve();
      },
    };
  }

  #send(from: Connection, bytes: Uint8Array, wanted: (to: Connection) => boolean): void {
    if (!from.isConnected || !this.#connections.has(from) || !from.process.isAlive) return;
    for (const to of this.#connections) if (to !== from && wanted(to)) this.#transmit(from, to, bytes);
  }

  #transmit(from: Connection, to: Connection, bytes: Uint8Array): void {
    const { random, clock, onSent } = this.#options;
    const isLost = !this.isOpen(from.self, to.self) || random.chance(this.#weather.loss);
    const copies = isLost ? 0 : random.chance(this.#weather.doubling) ? 2 : 1;
    if (isLost) this.lost += 1;
    onSent(from.self, to.self, bytes, copies);
    const { epoch } = to;
    for (let i = 0; i < copies; i += 1) {
      // A copy of its own for each delivery, as between processes.
      const copy = new Uint8Array(bytes);
      clock.after(this.#delay(from.self, to.self), () => {
        const arrives = to.isConnected && to.epoch === epoch && this.#connections.has(to);
        // What was under way when the link was cut is lost with it.
        if (arrives && this.isOpen(from.self, to.self)) to.process.run(() => to.receive?.(copy));
        else this.lost += 1;
      });
    }
  }

  #delay(from: ReplicaId, to: ReplicaId): number {
    const { random } = this.#options;
    const { delayMs, jitterMs, strayShare, strayMs } = this.#weather;
    const strayed = random.chance(strayShare) ? random.float() * strayMs : 0;
    return delayMs + random.exponential(jitterMs) + strayed + (this.#slow.get(`${from}>${to}`) ?? 0);
  }

  #report(replica: ReplicaId): void {
    for (const connection of [...this.#connections].filter(({ self }) => self === replica)) {
      const isConnected = !this.#offline.has(replica);
      if (connection.isConnected === isConnected) continue;
      connection.isConnected = isConnected;
      connection.epoch += 1;
      connection.process.run(() => connection.report?.({ connected: isConnected, description: 'simulated' }));
    }
  }
}

/** Changes a count; what is at zero is absent. */
function count<K>(counts: Map<K, number>, key: K, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}
