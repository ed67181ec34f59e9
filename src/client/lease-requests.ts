/** Asking for leases and about them: the requests of locks and elections, which differ in their words only. */
import { answerOf, documentOf, violation } from './answers.js';
import { positive } from './arguments.js';
import type { Caller, WriteCall } from './caller.js';
import { jsonBody } from './content.js';
import { arrayAt, type JsonObject, numberAt, stringAt } from './json.js';
import { namePath } from './keys.js';
import type { Answer, CallOptions, CoordinationOptions } from './types.js';

/** Two spaces of names, served alike. */
export type LeaseSpace = 'locks' | 'elections';

export interface LeaseOptions extends CoordinationOptions {
  /** Who asks, for people who look and for those who are refused. Default: a random name. */
  readonly owner?: string | undefined;
  /** The lease ends this long after its last renewal. At most a day. */
  readonly ttlMs: number;
  /** Queue for this long if somebody else has it; the time of the call is extended by it. Default 0: fail at once. */
  readonly waitMs?: number | undefined;
}

/** What a held lease is known by. */
export interface LeaseGrant {
  readonly name: string;
  readonly owner: string;
  readonly fencingToken: number;
  readonly ttlMs: number;
  /** On the monotonic clock of the runtime, when the request that began the lease was sent. */
  readonly sinceMs: number;
}

/** Ask for a lease. @throws CausewayApiError `lock-held` with `owner` and `remainingMs`, if it was not to be had in time. */
export async function requestLease(
  caller: Caller,
  space: LeaseSpace,
  name: string,
  options: LeaseOptions,
): Promise<LeaseGrant> {
  const { runtime } = caller.core;
  const { owner = runtime.uniqueKey(), ttlMs, waitMs = 0 } = options;
  const body = {
    owner,
    ttlMs: positive('ttlMs', ttlMs),
    ...(waitMs === 0 ? {} : { waitMs: positive('waitMs', waitMs) }),
  };
  const sinceMs = runtime.nowMs();
  const verb = space === 'locks' ? 'acquire' : 'campaign';
  const reply = await caller.write({ ...leaseCall(space, name, verb, body), waitMs }, options);
  const document = documentOf(reply);
  return {
    name,
    owner: stringAt(document, 'owner') ?? owner,
    fencingToken: numberAt(document, 'fencingToken') ?? violation(reply, 'has no fencing token'),
    ttlMs: numberAt(document, 'ttlMs') ?? ttlMs,
    sinceMs,
  };
}

/** Somebody has it, or nobody. */
export type LeaseState =
  | {
      readonly held: true;
      readonly owner: string;
      readonly fencingToken: number;
      readonly ttlMs: number | undefined;
      /** As far as the replica that answered can tell. */
      readonly remainingMs: number | undefined;
      /** Owners in the order in which they will have it. */
      readonly waiting: readonly string[];
    }
  | { readonly held: false };

export type LeaseResult = Answer & LeaseState;

/** Linearizable unless the options name a weaker level. */
export async function readLease(
  caller: Caller,
  space: LeaseSpace,
  name: string,
  options: CallOptions,
): Promise<LeaseResult> {
  const reply = await caller.readObject(namePath(space, name), options, { mayBeAbsent: true });
  if (reply.status === 404) return { ...answerOf(reply), held: false };
  return { ...answerOf(reply), ...leaseState(documentOf(reply)) };
}

/** The state that a document describes; nobody has it where owner or token are missing. */
export function leaseState(document: JsonObject): LeaseState {
  const owner = stringAt(document, 'owner');
  const fencingToken = numberAt(document, 'fencingToken');
  if (owner === undefined || fencingToken === undefined) return { held: false };
  return {
    held: true,
    owner,
    fencingToken,
    ttlMs: numberAt(document, 'ttlMs'),
    remainingMs: numberAt(document, 'remainingMs'),
    waiting: arrayAt(document, 'waiting').filter((each) => typeof each === 'string'),
  };
}

/** A command about a lock or election. */
export function leaseCall(space: LeaseSpace, name: string, verb: string, body: object): WriteCall {
  const path = `${namePath(space, name)}/${verb}`;
  return { method: 'POST', path, level: 'linearizable', body: jsonBody(body) };
}
