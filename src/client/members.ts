/**
 * Who takes part in consensus. Every change goes through the leader and ends when it is committed. Changes carry no
 * idempotency key: one whose outcome is unknown is not repeated; `list` tells what became of it.
 */
import { documentOf, violation } from './answers.js';
import type { Reply } from './attempt.js';
import { perform } from './call.js';
import { jsonBody } from './content.js';
import type { ClientCore } from './core.js';
import { arrayAt, asObject, numberAt, stringAt } from './json.js';
import { namePath } from './keys.js';
import { FORGETFUL } from './session.js';
import type { CallOptions } from './types.js';

export type MemberOptions = Omit<CallOptions, 'level'>;

export interface ConsensusMember {
  readonly id: string;
  /** Replica id and the random part that tells one life of its data from the next. */
  readonly incarnation: string;
  readonly role: 'leader' | 'voter' | 'observer';
}

export interface Membership {
  /** Id of the leader as the replica that answered knows it; null if it knows none. */
  readonly leader: string | null;
  readonly term: number;
  readonly members: readonly ConsensusMember[];
  /** A change is under way. */
  readonly changing: boolean;
}

const ROLES: readonly ConsensusMember['role'][] = ['leader', 'voter', 'observer'];

export class Members {
  readonly #core: ClientCore;

  constructor(core: ClientCore) {
    this.#core = core;
  }

  async list(options: MemberOptions = {}): Promise<Membership> {
    const request = { method: 'GET', path: '/v1/members', level: undefined, effect: 'read' } as const;
    return readMembership(await perform(this.#core, request, options, FORGETFUL));
  }

  /** Make a running replica an observer. @throws CausewayApiError `membership-conflict` if it cannot be now */
  add(id: string, options: MemberOptions = {}): Promise<Membership> {
    return this.#change('POST', '/v1/members', options, { id });
  }

  /** Make an observer that has caught up a voter. */
  promote(id: string, options: MemberOptions = {}): Promise<Membership> {
    return this.#change('POST', `${namePath('members', id)}/promote`, options);
  }

  /** For good: a removed replica comes back only with an empty data directory. */
  remove(id: string, options: MemberOptions = {}): Promise<Membership> {
    return this.#change('DELETE', namePath('members', id), options);
  }

  /** Hand the leadership to this voter. */
  transfer(id: string, options: MemberOptions = {}): Promise<Membership> {
    return this.#change('POST', `${namePath('members', id)}/lead`, options);
  }

  async #change(method: 'POST' | 'DELETE', path: string, options: MemberOptions, body?: object): Promise<Membership> {
    const request = { method, path, level: undefined, effect: 'write', body: body && jsonBody(body) } as const;
    return readMembership(await perform(this.#core, request, options, FORGETFUL));
  }
}

function readMembership(reply: Reply): Membership {
  const document = documentOf(reply);
  return {
    leader: stringAt(document, 'leader') ?? null,
    term: numberAt(document, 'term') ?? violation(reply, 'has no term'),
    members: arrayAt(document, 'members').map((value) => {
      const member = asObject(value) ?? {};
      const [id, incarnation] = [stringAt(member, 'id'), stringAt(member, 'incarnation')];
      const role = ROLES.find((known) => known === member['role']);
      if (id === undefined || incarnation === undefined || role === undefined) {
        return violation(reply, 'has a member without id, incarnation or role');
      }
      return { id, incarnation, role };
    }),
    changing: document['changing'] === true,
  };
}
