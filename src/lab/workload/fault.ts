/** What all faults of a nemesis have in common. */
import type { Lab } from '../cluster.js';
import type { ReplicaProcess } from '../replica-process.js';
import type { Draw } from './draw.js';

export type Undo = () => Promise<void>;

/** What decides which faults are possible. */
export type Grounds = Pick<Lab, 'nats' | 'network'>;

export interface Fault {
  /** The replica it is done to, as far as it is one. */
  readonly victim: 'leader' | 'anyone';
  /** What it takes of a lab, if not every one has it. */
  readonly isPossible?: (lab: Grounds) => boolean;
  readonly strike: (lab: Lab, victim: ReplicaProcess, draw: Draw) => Promise<Undo>;
}

export function othersOf(lab: Lab, one: ReplicaProcess): readonly ReplicaProcess[] {
  return lab.replicas.filter((replica) => replica !== one);
}

export function anotherThan(lab: Lab, one: ReplicaProcess, draw: Draw): ReplicaProcess {
  const others = othersOf(lab, one);
  return others[draw.below(others.length)] as ReplicaProcess;
}
