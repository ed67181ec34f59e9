/** Reads messages: admits them, enters the term they tell of, and gives each to the part that it is for. */
import { assert } from '../base/assert.js';
import { admit } from './admission.js';
import type { Election } from './election.js';
import { Follower } from './follower.js';
import type { Member } from './member.js';
import { isLeaderMessage, type LeaderMessage, type MemberMessage, type Message } from './messages.js';
import type { StepResult } from './raft-types.js';
import type { Requests } from './requests.js';

export class Inbox {
  readonly #member: Member;
  readonly #election: Election;
  readonly #requests: Requests;
  readonly #follower: Follower;

  constructor(member: Member, election: Election, requests: Requests) {
    this.#member = member;
    this.#election = election;
    this.#requests = requests;
    this.#follower = new Follower(member);
  }

  receive(message: Message): StepResult {
    const admission = admit(message, this.#member);
    switch (admission.kind) {
      case 'refuse':
        return { kind: 'refused', reason: admission.reason };
      case 'outdated-leader':
        this.#follower.outdated(message as LeaderMessage);
        return { kind: 'taken' };
      case 'newer-term':
        this.#election.follow(message.term, admission.leader);
        break;
      case 'read':
        break;
    }
    if (isLeaderMessage(message)) this.#obey(message);
    else this.read(message);
    return { kind: 'taken' };
  }

  #obey(message: LeaderMessage): void {
    const { leader, self, term } = this.#member;
    const { from } = message;
    assert(leader === undefined || leader === from, 'two leaders in one term', { self, term, leader, other: from });
    if (message.kind === 'handover') {
      if (this.#member.mayCampaign) this.#election.campaign(true);
      return;
    }
    this.#election.follow(term, from);
    if (message.kind === 'append') this.#follower.append(message);
    else if (message.kind === 'heartbeat') this.#follower.heartbeat(message);
    else if (message.kind === 'commit-news') this.#follower.commitNews(message);
    else this.#follower.snapshot(message);
  }

  /** A message that was admitted, or one to itself that may count now. */
  read(message: MemberMessage): void {
    switch (message.kind) {
      case 'pre-vote-request':
        this.#follower.preVote(message);
        break;
      case 'vote-request':
        this.#follower.vote(message);
        break;
      case 'pre-vote-answer':
        this.#election.preVoteAnswered(message);
        break;
      case 'vote-answer':
        this.#election.voteAnswered(message);
        break;
      case 'read-answer':
        this.#requests.readAnswered(message);
        break;
      case 'proposals-answer':
        this.#requests.proposalsAnswered(message);
        break;
      default:
        this.#election.leadership?.receive(message);
        this.advanceCommit();
    }
  }

  /** Something became durable somewhere: a leader commits what it can, and steps down if that leaves it out. */
  advanceCommit(): void {
    const { leadership } = this.#election;
    if (leadership === undefined || leadership.advanceCommit()) return;
    leadership.bowOut();
    this.#election.follow(this.#member.term, undefined);
  }
}
