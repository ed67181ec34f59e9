/** What the membership needs of the total order. */
import type { MemberId, Membership } from '../../consensus/configuration.js';
import type { ChangeResult, RaftStatus, TransferResult } from '../../consensus/raft-types.js';

/** How a change ended. `lost`: another one took its place; `unknown`: this member will not learn it. */
export type ChangeOutcome = 'committed' | 'lost' | 'unknown';

export type MemberChangeResult =
  | { readonly kind: 'accepted'; readonly done: Promise<ChangeOutcome> }
  | Extract<ChangeResult, { readonly kind: 'dropped' }>;

export type MemberOrderStatus = Pick<
  RaftStatus,
  'role' | 'term' | 'leader' | 'standing' | 'commit' | 'configuration' | 'configurationIndex' | 'progress'
>;

export interface MemberOrder {
  /** Nothing of an order is known here. */
  readonly isBlank: boolean;
  status(): MemberOrderStatus;
  /** Resolves when it is durable. */
  found(membership: Membership): Promise<void>;
  change(membership: Membership): MemberChangeResult;
  transfer(to: MemberId): TransferResult;
}
