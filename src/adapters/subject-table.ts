/**
 * Which subscriptions a subject reaches: NATS tokens separated by dots, `*` for one token, `>` for all that follow.
 * Knows no connections. Answers are remembered by subject until a subscription changes.
 */

export interface Matches<S> {
  /** Each gets every message. */
  readonly plain: readonly S[];
  /** One member of each group gets a message. */
  readonly groups: readonly (readonly S[])[];
}

interface Entry<S> {
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly subscription: S;
}

const REMEMBERED_MAX = 4096;

/** Whether a subscription to `pattern` is possible: no empty tokens, no spaces, `>` only at the end. */
export function isSubscribable(pattern: string): boolean {
  const tokens = pattern.split('.');
  return tokens.every((token, at) => token !== '' && !/\s/.test(token) && (token !== '>' || at === tokens.length - 1));
}

/** Whether `subject` may be published to: subscribable and without wildcards. */
export function isPublishable(subject: string): boolean {
  return isSubscribable(subject) && !hasWildcard(subject);
}

export function matchesPattern(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const given = subject.split('.');
  for (const [at, token] of wanted.entries()) {
    if (token === '>') return given.length > at;
    if (at >= given.length || (token !== '*' && token !== given[at])) return false;
  }
  return wanted.length === given.length;
}

export class SubjectTable<S> {
  readonly #exact = new Map<string, Map<S, Entry<S>>>();
  readonly #wild = new Map<S, Entry<S>>();
  readonly #remembered = new Map<string, Matches<S>>();

  add(pattern: string, queue: string | undefined, subscription: S): void {
    const entry = { pattern, queue, subscription };
    this.#remembered.clear();
    if (hasWildcard(pattern)) {
      this.#wild.set(subscription, entry);
      return;
    }
    const entries = this.#exact.get(pattern) ?? new Map<S, Entry<S>>();
    entries.set(subscription, entry);
    this.#exact.set(pattern, entries);
  }

  remove(pattern: string, subscription: S): void {
    this.#remembered.clear();
    this.#wild.delete(subscription);
    const entries = this.#exact.get(pattern);
    entries?.delete(subscription);
    if (entries?.size === 0) this.#exact.delete(pattern);
  }

  match(subject: string): Matches<S> {
    const known = this.#remembered.get(subject);
    if (known !== undefined) return known;
    const matches = this.#find(subject);
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(subject, matches);
    return matches;
  }

  #find(subject: string): Matches<S> {
    const plain: S[] = [];
    const groups = new Map<string, S[]>();
    const take = ({ queue, subscription }: Entry<S>): void => {
      // A group is its name alone: members may have come by different patterns.
      const group = queue === undefined ? plain : groups.get(queue);
      if (group !== undefined) group.push(subscription);
      else if (queue !== undefined) groups.set(queue, [subscription]);
    };
    for (const entry of this.#exact.get(subject)?.values() ?? []) take(entry);
    for (const entry of this.#wild.values()) if (matchesPattern(entry.pattern, subject)) take(entry);
    return { plain, groups: [...groups.values()] };
  }
}

function hasWildcard(pattern: string): boolean {
  return pattern.split('.').some((token) => token === '*' || token === '>');
}
