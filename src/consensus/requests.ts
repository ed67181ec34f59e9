/**
 * What this member's users ask of the leader, wherever it is. Reads asked in one turn share one context and proposals
 * of one turn share one batch. Neither number is used twice: a new attempt is a new request.
 */
import type { Member } from './member.js';
import type { ProposalsAnswer, ReadAnswer } from './messages.js';

interface Asked {
  readonly term: number;
  ageTicks: number;
}

export class Requests {
  readonly #member: Member;
  #newest = 0;
  #openContext: number | undefined;
  #commands: Uint8Array[] = [];
  #openBatch: number | undefined;
  readonly #reads = new Map<number, Asked>();
  readonly #batches = new Map<number, Asked>();

  constructor(member: Member) {
    this.#member = member;
  }

  /** The context of all reads that are asked for in this turn. */
  read(): number {
    this.#openContext ??= this.#nextNumber();
    return this.#openContext;
  }

  /** Commands for another leader; returns where they are in their batch. */
  propose(commands: readonly Uint8Array[]): { readonly batch: number; readonly offset: number } {
    this.#openBatch ??= this.#nextNumber();
    const offset = this.#commands.length;
    this.#commands.push(...commands);
    return { batch: this.#openBatch, offset };
  }

  /** The context of this turn's reads, for the leader here. */
  takeContext(): number | undefined {
    const context = this.#openContext;
    this.#openContext = undefined;
    return context;
  }

  /** The turn ends: to the leader, or back if there is none. */
  forward(): void {
    const { leader, self, term, outbox, session } = this.#member;
    const reachable = leader !== undefined && leader !== self;
    const context = this.takeContext();
    if (context !== undefined && reachable) {
      outbox.send({ kind: 'read-request', from: self, to: leader, term, session, context });
      this.#reads.set(context, { term, ageTicks: 0 });
    } else if (context !== undefined) outbox.answerRead({ kind: 'dropped', context });
    this.#forwardCommands(reachable ? leader : undefined);
  }

  /** After a while without an answer there will be none. */
  tick(): void {
    const { electionTicks } = this.#member.options;
    this.#abandon((asked) => {
      asked.ageTicks += 1;
      return asked.ageTicks > electionTicks;
    });
  }

  /** Another leader leads now: it knows of nothing that was asked of the last one. */
  leaderChanged(): void {
    const { term, leader } = this.#member;
    this.#abandon((asked) => asked.term !== term || leader === undefined);
  }

  readAnswered({ session, context, index }: ReadAnswer): void {
    if (session !== this.#member.session || !this.#reads.delete(context)) return;
    this.#member.outbox.answerRead({ kind: 'ready', context, index });
  }

  proposalsAnswered({ session, batch, appended }: ProposalsAnswer): void {
    if (session !== this.#member.session || !this.#batches.delete(batch)) return;
    if (appended === undefined) this.#member.outbox.answerProposal({ kind: 'dropped', batch });
    else this.#member.outbox.answerProposal({ kind: 'appended', batch, ...appended });
  }

  #forwardCommands(leader: Member['leader']): void {
    const { self, term, outbox, session } = this.#member;
    const batch = this.#openBatch;
    if (batch === undefined) return;
    const commands = this.#commands;
    this.#openBatch = undefined;
    this.#commands = [];
    if (leader === undefined) {
      outbox.answerProposal({ kind: 'dropped', batch });
      return;
    }
    outbox.send({ kind: 'forwarded-proposals', from: self, to: leader, term, session, batch, commands });
    this.#batches.set(batch, { term, ageTicks: 0 });
  }

  #abandon(isLost: (asked: Asked) => boolean): void {
    const { outbox } = this.#member;
    for (const [context, asked] of this.#reads) {
      if (!isLost(asked)) continue;
      this.#reads.delete(context);
      outbox.answerRead({ kind: 'dropped', context });
    }
    for (const [batch, asked] of this.#batches) {
      if (!isLost(asked)) continue;
      this.#batches.delete(batch);
      outbox.answerProposal({ kind: 'unknown', batch, term: asked.term });
    }
  }

  #nextNumber(): number {
    this.#newest += 1;
    return this.#newest;
  }
}
