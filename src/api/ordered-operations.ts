/** Descriptions of the routes that need the total order. */
import { LIMITS } from '../base/limits.js';
import {
  AcquireRequest,
  ClaimReport,
  ClaimRequest,
  ConstraintReport,
  ConstraintRequest,
  Existed,
  HolderRequest,
  Lease,
  LockReport,
  MemberRequest,
  MembershipReport,
  Released,
  SequenceValue,
} from './coordination-schemas.js';
import {
  consistency,
  consistencyParameter,
  guardHeaders,
  header,
  json,
  type Operation,
  problems,
  readProblems,
  writeProblems,
} from './operation-parts.js';
import { TxnAnswer, TxnBody } from './txn-schemas.js';

const coordination = ['coordination'];
const members = ['members'];

const query = { type: 'object', properties: { consistency: consistencyParameter } } as const;
const readTerms = { querystring: query, headers: { type: 'object', properties: consistency } } as const;
const writeTerms = {
  querystring: query,
  headers: {
    type: 'object',
    properties: { ...consistency, 'idempotency-key': guardHeaders['idempotency-key'] },
  },
} as const;
const memberTerms = { querystring: query, headers: { type: 'object', properties: consistency } } as const;

const name = {
  type: 'string',
  minLength: 1,
  description: `1-${LIMITS.coordinationNameMaxBytes} bytes of UTF-8, percent-encoded`,
} as const;
const nameParams = { type: 'object', required: ['name'], properties: { name } } as const;
const claimParams = {
  type: 'object',
  required: ['namespace', 'value'],
  properties: {
    namespace: name,
    value: { ...name, description: `1-${LIMITS.claimValueMaxBytes} bytes of UTF-8, percent-encoded` },
  },
} as const;
const memberParams = { type: 'object', required: ['id'], properties: { id: header('A replica') } } as const;

const reads = problems(...readProblems, 'not-found');
const writes = problems(...writeProblems, 'level-too-weak', 'unsupported-media-type');
const claims = problems(...writeProblems, 'level-too-weak', 'unsupported-media-type', 'already-claimed');
const declarations = problems(...writeProblems, 'level-too-weak', 'unsupported-media-type', 'unique-violation');
const acquisitions = problems(...writeProblems, 'level-too-weak', 'unsupported-media-type', 'lock-held');
const changes = {
  200: json('The members after the change', MembershipReport),
  ...problems(
    'invalid-consistency-level',
    'invalid-causal-token',
    'invalid-request',
    'level-not-offered',
    'level-too-weak',
    'membership-conflict',
    'unsupported-media-type',
    'no-quorum',
    'outcome-unknown',
  ),
};

const lease = (description: string) => ({ 200: json(description, Lease) });

export const ORDERED_OPERATIONS = {
  postTxn: {
    tags: ['keys'],
    summary: 'Decide on conditions, and do one thing or another, atomically',
    description: 'Conditions and operations are on any keys; the keys of a branch are distinct. Always linearizable.',
    querystring: query,
    headers: { type: 'object', properties: { ...consistency, ...guardHeaders } },
    body: TxnBody,
    response: {
      200: json('Which branch was run, and what its operations did', TxnAnswer),
      ...problems(...writeProblems, 'precondition-needs-linearizable', 'unique-violation', 'unsupported-media-type'),
    },
  },
  postNext: {
    tags: coordination,
    summary: 'The next number of a sequence',
    description:
      'Numbers begin with 1, and none is handed out twice. With an Idempotency-Key a retry gets the same one.',
    params: nameParams,
    ...writeTerms,
    response: { 200: json('The number', SequenceValue), ...writes },
  },
  getSequence: {
    tags: coordination,
    summary: 'The number that was handed out last',
    params: nameParams,
    ...readTerms,
    response: { 200: json('The number, or 0', SequenceValue), ...problems(...readProblems) },
  },
  putClaim: {
    tags: coordination,
    summary: 'Claim a value for an owner',
    params: claimParams,
    ...writeTerms,
    body: ClaimRequest,
    response: {
      200: json('The owner had it already', ClaimReport),
      201: json('It is now the owner’s', ClaimReport),
      ...claims,
    },
  },
  getClaim: {
    tags: coordination,
    summary: 'Who has claimed a value',
    params: claimParams,
    ...readTerms,
    response: { 200: json('The claim', ClaimReport), ...reads },
  },
  deleteClaim: {
    tags: coordination,
    summary: 'Give a claimed value back, by its owner',
    params: claimParams,
    ...writeTerms,
    body: ClaimRequest,
    response: { 200: json('Nobody has it', Existed), ...claims },
  },
  putConstraint: {
    tags: coordination,
    summary: 'Declare a field of the JSON values under a prefix to be unique',
    params: nameParams,
    ...writeTerms,
    body: ConstraintRequest,
    response: {
      200: json('It was declared before, in these or other terms', ConstraintReport),
      201: json('It is declared', ConstraintReport),
      ...declarations,
    },
  },
  getConstraint: {
    tags: coordination,
    summary: 'A declared constraint',
    params: nameParams,
    ...readTerms,
    response: { 200: json('Its terms', ConstraintReport), ...reads },
  },
  deleteConstraint: {
    tags: coordination,
    summary: 'Drop a constraint, whether it exists or not',
    params: nameParams,
    ...writeTerms,
    response: { 200: json('There is none', Existed), ...writes },
  },
  getLock: {
    tags: coordination,
    summary: 'Who holds a lock, and who waits for it',
    params: nameParams,
    ...readTerms,
    response: { 200: json('The lease', LockReport), ...reads },
  },
  acquireLock: {
    tags: coordination,
    summary: 'Acquire a lock, waiting for it in order of arrival',
    description: 'waitMs bounds the wait; the timeout of the request does not.',
    params: nameParams,
    ...writeTerms,
    body: AcquireRequest,
    response: { ...lease('It is held under this fencing token'), ...acquisitions },
  },
  renewLock: {
    tags: coordination,
    summary: 'Begin the lease anew, by its holder',
    params: nameParams,
    ...writeTerms,
    body: HolderRequest,
    response: { ...lease('It runs for its whole time again'), ...writes },
  },
  releaseLock: {
    tags: coordination,
    summary: 'Release a lock, by its holder',
    params: nameParams,
    ...writeTerms,
    body: HolderRequest,
    response: { 200: json('It has moved on', Released), ...writes },
  },
  getElection: {
    tags: coordination,
    summary: 'Who leads',
    params: nameParams,
    ...readTerms,
    response: { 200: json('The leader with its term', LockReport), ...reads },
  },
  observeElection: {
    tags: coordination,
    summary: 'Who leads, now and from now on',
    description: 'Server-sent events "leader" with the JSON of the election, or {"owner":null} while nobody leads.',
    params: nameParams,
    ...readTerms,
    response: {
      200: { description: 'The events', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      ...problems(...readProblems),
    },
  },
  campaign: {
    tags: coordination,
    summary: 'Become the leader, waiting for it in order of arrival',
    params: nameParams,
    ...writeTerms,
    body: AcquireRequest,
    response: { ...lease('The owner leads in this term'), ...acquisitions },
  },
  renewTerm: {
    tags: coordination,
    summary: 'Go on leading',
    params: nameParams,
    ...writeTerms,
    body: HolderRequest,
    response: { ...lease('The lease runs for its whole time again'), ...writes },
  },
  resign: {
    tags: coordination,
    summary: 'Cease to lead',
    params: nameParams,
    ...writeTerms,
    body: HolderRequest,
    response: { 200: json('The next in order leads, if any', Released), ...writes },
  },
  getMembers: {
    tags: members,
    summary: 'The members of the total order, as this replica knows them',
    response: { 200: json('Now', MembershipReport), ...problems('invalid-request', 'level-not-offered') },
  },
  postMember: {
    tags: members,
    summary: 'Add a running replica as an observer',
    ...memberTerms,
    body: MemberRequest,
    response: changes,
  },
  deleteMember: {
    tags: members,
    summary: 'Remove a member; it may come back only as a new incarnation',
    params: memberParams,
    ...memberTerms,
    response: changes,
  },
  promoteMember: {
    tags: members,
    summary: 'Make an observer that has caught up a voter',
    params: memberParams,
    ...memberTerms,
    response: changes,
  },
  transferLead: {
    tags: members,
    summary: 'Hand the leadership to a voter',
    params: memberParams,
    ...memberTerms,
    response: changes,
  },
} as const satisfies Readonly<Record<string, Omit<Operation, 'operationId'>>>;
