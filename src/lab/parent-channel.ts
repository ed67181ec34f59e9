/**
 * What a replica process tells the lab that started it, over Node's channel between parent and child: that it serves,
 * or why it does not. The channel's end tells the replica that the lab is gone.
 */
export type ReplicaReport =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly sentence: string };

/** Does nothing in a process that no lab started. */
export function tellParent(report: ReplicaReport): void {
  if (process.connected) process.send?.(report);
}

/** Calls `gone` once when the parent has ended; without a channel, when standard input ends. */
export function onParentGone(gone: () => void): void {
  if (process.connected) {
    process.once('disconnect', gone);
    return;
  }
  process.stdin.once('end', gone).once('error', gone).resume();
}
