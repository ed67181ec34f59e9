/**
 * Messages and storage reads that wait to be taken by the driver. What only states the present - digests, reports - is
 * kept as a mark and written when it is taken, so it is never stale, never doubled, and takes no room.
 */
import type { ReplicaId } from '../base/ids.js';
import type { DigestMessage, Outgoing } from './messages.js';
import type { PlaneOutbox, ServeRequest } from './plane-types.js';

/** What this replica may say of itself: all of it durable. */
export type SelfPortrait = Omit<DigestMessage, 'kind' | 'wantReply'>;

export class Outbox {
  #sends: Outgoing[] = [];
  /** The latest of each kind for each peer: a peer has one question of a kind at a time. */
  readonly #serves = new Map<string, ServeRequest>();
  readonly #digestTo = new Set<ReplicaId>();
  #digestAll: 'no' | 'plain' | 'want-reply' = 'no';
  #report = false;

  send(...messages: readonly Outgoing[]): void {
    this.#sends.push(...messages);
  }

  serve(request: ServeRequest): void {
    this.#serves.set(`${request.to} ${request.kind}`, request);
  }

  digest(wantReply: boolean): void {
    if (wantReply) this.#digestAll = 'want-reply';
    else if (this.#digestAll === 'no') this.#digestAll = 'plain';
  }

  digestTo(replica: ReplicaId): void {
    this.#digestTo.add(replica);
  }

  report(): void {
    this.#report = true;
  }

  /** Everybody is told otherwise what a report would say. */
  reported(): void {
    this.#report = false;
  }

  /** A message that says what is durable here is about to leave. */
  get tellsVector(): boolean {
    return this.#digestAll !== 'no' || this.#report || this.#digestTo.size > 0 || this.#serves.size > 0;
  }

  get isEmpty(): boolean {
    return !this.tellsVector && this.#sends.length === 0;
  }

  /** Everything, and leaves nothing. `portrait` is asked only if a message needs it. */
  take(portrait: () => SelfPortrait): PlaneOutbox {
    if (this.isEmpty) return NOTHING;
    const taken = { sends: [...this.#sends, ...this.#marks(portrait())], serves: [...this.#serves.values()] };
    this.clear();
    return taken;
  }

  clear(): void {
    this.#sends = [];
    this.#serves.clear();
    this.#digestTo.clear();
    this.#digestAll = 'no';
    this.#report = false;
  }

  #marks(portrait: SelfPortrait): Outgoing[] {
    const digest = (wantReply: boolean): DigestMessage => ({ kind: 'digest', ...portrait, wantReply });
    const marks: Outgoing[] = [];
    if (this.#report) marks.push({ to: 'all', message: { kind: 'report', vector: portrait.vector } });
    if (this.#digestAll === 'no') {
      for (const to of [...this.#digestTo].sort()) marks.push({ to, message: digest(false) });
    } else {
      marks.push({ to: 'all', message: digest(this.#digestAll === 'want-reply') });
    }
    return marks;
  }
}

const NOTHING: PlaneOutbox = { sends: [], serves: [] };
