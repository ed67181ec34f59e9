/** Coordination commands that a replica proposes of its own accord: they carry no token, and nobody retries them by name. */
import { VersionVector } from '../../clocks/version-vector.js';
import { type CoordinationAnswer, decodeAnswer } from '../../coordination/answer.js';
import { type CoordinationCommand, encodeCoordination } from '../../coordination/command.js';
import type { AppliedState } from './applied-state.js';
import type { Proposals } from './proposals.js';

export interface HousekeepingResult {
  /** Undefined if the state machine refused. */
  readonly answer: CoordinationAnswer | undefined;
  /** Of the entry; it is applied here. */
  readonly index: number;
}

/** @throws CausewayError as `Proposals.propose` */
export async function proposeHousekeeping(
  proposals: Proposals,
  state: AppliedState,
  command: CoordinationCommand,
  timeoutMs: number,
): Promise<HousekeepingResult> {
  const entry = {
    base: state.applied,
    retry: undefined,
    deps: VersionVector.EMPTY,
    known: undefined,
    adopted: [],
    fences: [],
    command: { kind: 'coordinate', command: encodeCoordination(command) },
  } as const;
  const { outcome, index } = await proposals.propose(entry, timeoutMs);
  return { answer: outcome.kind === 'coordinated' ? decodeAnswer(outcome.answer) : undefined, index };
}
