/** What is measured of every system that offers it, and in which order. */
import { OPERATIONS, type Operation } from '../load/operations.js';

/** Where clients connect: all to the server that orders writes, or in turn to all three. */
export type Placement = 'leader' | 'spread';

export interface PeerCase {
  readonly operation: Operation;
  readonly clients: number;
  readonly placement: Placement;
}

/**
 * One client is at the leader: which of three servers it meets would otherwise decide what it sees. More are spread, and
 * for what a leader orders also all at the leader, which is the best case of systems that forward.
 */
export function casesFor(clientCounts: readonly number[]): readonly PeerCase[] {
  return OPERATIONS.flatMap((operation) => {
    return clientCounts.flatMap((clients) => {
      return placementsOf(operation, clients).map((placement) => ({ operation, clients, placement }));
    });
  });
}

function placementsOf(operation: Operation, clients: number): readonly Placement[] {
  if (clients === 1) return ['leader'];
  return operation.startsWith('linearizable') ? ['leader', 'spread'] : ['spread'];
}

export function caseName({ operation, clients, placement }: PeerCase): string {
  const where = placement === 'leader' ? 'at the leader' : 'spread over three servers';
  return `${operation}, ${clients === 1 ? '1 client' : `${clients} clients`} ${where}`;
}

export function isSameCase(a: PeerCase, b: PeerCase): boolean {
  return a.operation === b.operation && a.clients === b.clients && a.placement === b.placement;
}
