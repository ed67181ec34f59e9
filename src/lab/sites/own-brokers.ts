/** A nats-server for each replica of a lab, joined into one cluster. */
import { CausewayError } from '../../base/errors.js';
import type { BrokerChoice } from '../broker-choice.js';
import type { Guard } from '../guard.js';
import type { BrokerOrder, ServerPlace } from '../guard-protocol.js';
import type { LabNats } from './site.js';

interface JoinedBroker {
  /** Of its clients. */
  readonly url: string;
  readonly port: number;
  /** Where other servers reach it. */
  readonly route: URL;
}

interface Running {
  readonly order: BrokerOrder & { readonly kind: 'binary' };
  readonly broker: JoinedBroker;
}

const CLUSTER = 'lab';

export class OwnBrokers implements LabNats {
  readonly choice: BrokerChoice;
  readonly #path: string;
  readonly #guard: Guard;
  /** By replica, in the order in which they came. */
  readonly #running = new Map<string, Running>();

  /** @throws CausewayError `invalid-config` without a nats-server program: nothing else can be joined with others */
  constructor(choice: BrokerChoice, guard: Guard) {
    if (choice.kind !== 'binary') {
      const found = choice.kind === 'external' ? `the server at ${choice.url} is one for all` : choice.why;
      throw new CausewayError('invalid-config', `each replica needs a nats-server of its own, but ${found}`);
    }
    this.choice = choice;
    this.#path = choice.path;
    this.#guard = guard;
  }

  get url(): string {
    return [...this.#running.values()][0]?.broker.url ?? '';
  }

  /** `place` says where it runs and which others it dials; it keeps its ports from one start to the next. */
  /** `place` says where it runs and which others it dials; it keeps its ports from one start to the next. */
  async add(replica: string, place: Omit<ServerPlace, 'cluster'>, cluster: Cluster, port = 0): Promise<JoinedBroker> {
    const named = { ...place, serverName: replica, cluster: { ...cluster, name: CLUSTER } };
    const order = { kind: 'binary', path: this.#path, place: named } as const;
    const { url, port: taken, routeUrl } = await this.#guard.startBroker(replica, order, port);
    if (routeUrl === undefined) throw new CausewayError('transport-failed', 'nats-server takes no routes from others');
    const broker = { url, port: taken, route: new URL(routeUrl) };
    const again = { ...order, place: { ...named, cluster: { ...named.cluster, port: Number(broker.route.port) } } };
    this.#running.set(replica, { order: again, broker });
    return broker;
  }

  async stop(replica?: string): Promise<void> {
    for (const [name] of this.#named(replica)) await this.#guard.stopBroker(name);
  }

  async start(replica?: string): Promise<void> {
    for (const [name, { order, broker }] of this.#named(replica)) {
      await this.#guard.startBroker(name, order, broker.port);
    }
  }

  #named(replica: string | undefined): readonly (readonly [string, Running])[] {
    return [...this.#running].filter(([name]) => replica === undefined || name === replica);
  }
}

type Cluster = Omit<NonNullable<ServerPlace['cluster']>, 'name'>;
