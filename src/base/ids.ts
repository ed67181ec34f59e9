/**
 * Names as types. A string becomes an id only through its parser, so a bad name is refused where it enters.
 */
import { CausewayError } from './errors.js';

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** A configured member of the cluster, e.g. `r1`. Lower-case letters, digits, hyphens; 1-32 characters. */
export type ReplicaId = Branded<string, 'ReplicaId'>;
/** Who numbers writes: a replica incarnation `r1~4f9c2a7b`, or `log`, the total order. */
export type Origin = Branded<string, 'Origin'>;
/** The cluster a replica belongs to; part of NATS subjects. Lower-case letters, digits, hyphens; 1-64 characters. */
export type ClusterId = Branded<string, 'ClusterId'>;

/** The total order, as an origin of the causal plane. */
export const LOG_ORIGIN = 'log' as Origin;

const REPLICA_ID = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const CLUSTER_ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const ORIGIN = /^([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)~([0-9a-f]{8})$/;

export function isReplicaId(text: string): text is ReplicaId {
  return REPLICA_ID.test(text) && text !== LOG_ORIGIN;
}

export function parseReplicaId(text: string): ReplicaId {
  if (!isReplicaId(text)) {
    throw new CausewayError(
      'invalid-config',
      `"${text}" is not a replica id: use 1-32 lower-case letters, digits or hyphens`,
    );
  }
  return text;
}

export function parseClusterId(text: string): ClusterId {
  if (!CLUSTER_ID.test(text)) {
    throw new CausewayError(
      'invalid-config',
      `"${text}" is not a cluster id: use 1-64 lower-case letters, digits or hyphens`,
    );
  }
  return text as ClusterId;
}

/** The origin of replica `id` whose data carries the 32-bit `nonce`. */
export function makeOrigin(id: ReplicaId, nonce: number): Origin {
  return `${id}~${(nonce >>> 0).toString(16).padStart(8, '0')}` as Origin;
}

/**
 * An origin from outside (token, message, disk), or `undefined` if the text is none. Each distinct text yields one
 * string object, so that comparing origins is mostly a pointer comparison.
 */
export function parseOrigin(text: string): Origin | undefined {
  const known = interned.get(text);
  if (known !== undefined) return known;
  if (text !== LOG_ORIGIN && !ORIGIN.test(text)) return undefined;
  if (interned.size >= MAX_INTERNED) interned.clear();
  interned.set(text, text as Origin);
  return text as Origin;
}

/** The member a replica origin belongs to; `undefined` for `log`. */
export function replicaOf(origin: Origin): ReplicaId | undefined {
  const at = origin.indexOf('~');
  return at < 0 ? undefined : (origin.slice(0, at) as ReplicaId);
}

const MAX_INTERNED = 4096;
const interned = new Map<string, Origin>();
