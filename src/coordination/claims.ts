/** Unique claims: a value of a namespace belongs to the first owner who claims it, until he gives it back. */
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { type Refusal, refusal } from '../base/refusal.js';
import type { StateOverlay, StateReader } from '../base/state-table.js';
import type { CoordinationAnswer } from './answer.js';
import type { CoordinationCommand } from './command.js';
import { claimKey } from './state-keys.js';

export interface Claim {
  readonly owner: string;
  /** Index of the entry that claimed. */
  readonly since: number;
}

type ClaimCommand = Extract<CoordinationCommand, { readonly kind: 'claim' | 'unclaim' }>;

export function readClaim(state: StateReader, namespace: string, value: string): Claim | undefined {
  const stored = state.get(claimKey(namespace, value));
  return stored && decodeClaim(stored);
}

export function runClaim(state: StateOverlay, index: number, command: ClaimCommand): CoordinationAnswer | Refusal {
  const { kind, namespace, value, owner } = command;
  const claim = readClaim(state, namespace, value);
  if (claim !== undefined && claim.owner !== owner) {
    const what = `${JSON.stringify(value)} in ${JSON.stringify(namespace)}`;
    return refusal('already-claimed', `${what} belongs to ${JSON.stringify(claim.owner)}.`, { owner: claim.owner });
  }
  const key = claimKey(namespace, value);
  if (kind === 'unclaim') {
    if (claim !== undefined) state.delete(key);
    return { kind: 'unclaimed', existed: claim !== undefined };
  }
  if (claim === undefined) state.put(key, new ByteWriter(48).string(owner).varuint(index).finish());
  return { kind: 'claimed', created: claim === undefined };
}

/** @throws DecodeError if it is none. */
export function decodeClaim(stored: Uint8Array): Claim {
  const reader = new ByteReader(stored);
  const owner = reader.string(LIMITS.coordinationNameMaxBytes);
  const since = reader.varuint();
  reader.end();
  if (owner === '') throw new DecodeError('claim of nobody');
  return { owner, since };
}
