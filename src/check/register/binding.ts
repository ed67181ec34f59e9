/**
 * What a weaker write that a majority acknowledged is bound to, where several keys are judged together. Promise P2 speaks of
 * linearizable operations on its key that begin after the acknowledgement: those come after it. An operation on another
 * key that begins then may still come before it, for nobody has looked at the write: its place in the order is
 * decided when somebody does. So it is over when the first of those that must come after it is over, and each of them
 * follows it. Of a key that is judged alone the acknowledgement itself says the same.
 */
import { isOpen, type Operation, plainKey, touchedKeys } from './operation.js';

/** The same operations in the same order. */
export function boundByKey(operations: readonly Operation[]): readonly Operation[] {
  const observers = new Map<number, Operation[]>();
  for (const operation of operations.filter(isObserver)) {
    for (const key of touchedKeys(operation)) append(observers, key, operation);
  }
  const overAt = new Map([...observers].map(([key, those]) => [key, firstOver(those)]));
  const waiting = new Map<number, { readonly write: Operation; readonly over: number }[]>();
  return operations.map((operation): Operation => {
    const key = operation.mayLoseExceptTo === undefined ? undefined : plainKey(operation);
    if (key === undefined) return { ...operation, follows: followedBy(operation, waiting) };
    const over = overAt.get(key)?.(operation.complete) ?? Number.POSITIVE_INFINITY;
    append(waiting, key, { write: operation, over });
    return { ...operation, complete: over };
  });
}

/** A linearizable operation that was answered. */
function isObserver(operation: Operation): boolean {
  return !isOpen(operation) && operation.mayLoseExceptTo === undefined;
}

/** When the first of those is over that begin after a given moment. */
function firstOver(byInvoke: readonly Operation[]): (after: number) => number {
  const earliest: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let at = byInvoke.length - 1; at >= 0; at -= 1) {
    least = Math.min(least, (byInvoke[at] as Operation).complete);
    earliest[at] = least;
  }
  return (after) => {
    let [low, high] = [0, byInvoke.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((byInvoke[middle] as Operation).invoke > after) high = middle;
      else low = middle + 1;
    }
    return earliest[low] ?? Number.POSITIVE_INFINITY;
  };
}

function followedBy(
  operation: Operation,
  waiting: Map<number, { readonly write: Operation; readonly over: number }[]>,
): ReadonlySet<number> {
  const follows = new Set<number>();
  if (!isObserver(operation)) return follows;
  for (const key of touchedKeys(operation)) {
    // Operations come in order of invocation: what is over by now concerns nobody any more.
    const left = (waiting.get(key) ?? []).filter(({ over }) => over >= operation.invoke);
    waiting.set(key, left);
    for (const { write } of left) if (write.complete < operation.invoke) follows.add(write.index);
  }
  return follows;
}

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
