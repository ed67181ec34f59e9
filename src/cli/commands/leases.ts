/** `causeway lock` and `causeway elect`, one request each: take a lease, keep it, end it, look at it. */
import { hostname, userInfo } from 'node:os';
import type { ClientOptions } from '../client-call.js';
import type { ExitCode } from '../exit-codes.js';
import { type IdempotentOptions, objectPath, orderedRequest } from '../json-request.js';
import type { Terminal } from '../terminal.js';
import { look, showObject } from './objects.js';

export type LeaseSpace = 'locks' | 'elections';

export interface AcquireOptions extends ClientOptions, IdempotentOptions {
  readonly owner?: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly wait?: number;
}

export interface HolderOptions extends ClientOptions, IdempotentOptions {}

/** Acquire a lock, or campaign in an election. */
export function takeLease(
  terminal: Terminal,
  space: LeaseSpace,
  name: string,
  options: AcquireOptions,
): Promise<ExitCode> {
  const { ttl: ttlMs, wait: waitMs = 0 } = options;
  const body = { owner: ownerOf(options), ttlMs, ...(waitMs === 0 ? {} : { waitMs }) };
  const verb = space === 'locks' ? 'acquire' : 'campaign';
  const request = orderedRequest('POST', `${objectPath(space, name)}/${verb}`, options, body);
  return showObject(terminal, options, { ...request, waitMs });
}

/** `verb` is renew, release or resign. */
export function tellLease(
  terminal: Terminal,
  space: LeaseSpace,
  verb: 'renew' | 'release' | 'resign',
  name: string,
  fencingToken: number,
  options: HolderOptions,
): Promise<ExitCode> {
  const request = orderedRequest('POST', `${objectPath(space, name)}/${verb}`, options, { fencingToken });
  return showObject(terminal, options, request);
}

export function showLease(
  terminal: Terminal,
  space: LeaseSpace,
  name: string,
  options: ClientOptions,
): Promise<ExitCode> {
  return showObject(terminal, options, look(objectPath(space, name)));
}

/** The owner that was named, or whoever runs this command. */
export function ownerOf(options: { readonly owner?: string }): string {
  return options.owner ?? `${userName()}@${hostname()}`;
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}
