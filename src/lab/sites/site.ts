/** Where the replicas of a lab live, what carries their messages, and what can be done to that below them. */
import type { BrokerChoice } from '../broker-choice.js';

/** Room for one replica. */
export interface Site {
  readonly id: string;
  /** `host:port` of its HTTP. */
  readonly http: string;
  readonly natsUrl: string;
  /** Words before the program that take it to its place; none if it runs here. The last of them becomes the program. */
  readonly launcher: readonly string[];
}

export interface LabNats {
  /** Of the first server. */
  readonly url: string;
  readonly choice: BrokerChoice;
  /**
   * As if the server had crashed: the one of this replica, where each has its own, or all of them.
   * @throws CausewayError if it is not the lab's own
   */
  stop(replica?: string): Promise<void>;
  /** On the same port as before. */
  start(replica?: string): Promise<void>;
}

/**
 * The network between brokers, of which each replica has its own. What is done to it neither replicas nor brokers have a
 * part in: they find out. It lasts until `heal`.
 */
export interface LabNetwork {
  /** Nothing gets from one to the other. Connections stay, and what was on its way arrives after the heal. */
  cut(from: string, to: string): Promise<void>;
  /** Connections between both break, and new ones are refused. */
  sever(one: string, other: string): Promise<void>;
  /** Everything between two replicas takes longer, in each direction. Undefined where this network cannot do it. */
  readonly slow: ((delayMs: number) => Promise<void>) | undefined;
  heal(): Promise<void>;
}

/**
 * `shared`: all replicas at one broker on loopback. `routed`: a nats-server for each, on loopback, and every route between
 * two of them through a proxy of the lab. `namespaces`: each replica and its nats-server in a network namespace of its own.
 */
export const NETWORK_KINDS = ['shared', 'routed', 'namespaces'] as const;

export type NetworkKind = (typeof NETWORK_KINDS)[number];

export interface Surroundings {
  readonly nats: LabNats;
  /** Undefined if there is nothing between brokers, for there is only one. */
  readonly network: LabNetwork | undefined;
  /** Makes room for one more replica. @throws CausewayError `port-in-use`, `transport-failed` */
  site(id: string): Promise<Site>;
  /** When all replicas have ended; brokers are ended by the guard. */
  close(): Promise<void>;
}
