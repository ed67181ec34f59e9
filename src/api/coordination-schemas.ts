/** What the HTTP API says about coordination objects and about membership, as JSON Schema. */
import { LIMITS } from '../base/limits.js';
import { count, flag, type Shape, text, textOrNull } from './shape.js';

const owner = { type: 'string', minLength: 1 } as const;
const fencingToken = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
const term = { ...fencingToken, description: 'Of elections: the fencing token under its usual name' } as const;
const ttlMs = { type: 'integer', minimum: 1, maximum: LIMITS.lockTtlMaxMs } as const;
const waitMs = { type: 'integer', minimum: 0, maximum: LIMITS.lockWaitMaxMs, default: 0 } as const;

export const SequenceValue = {
  type: 'object',
  additionalProperties: false,
  required: ['value'],
  properties: { value: { ...count, description: 'The number handed out last; 0 before the first' } },
} as const;
export type SequenceValue = Shape<typeof SequenceValue>;

/** Of commands that take nothing: no body, or an empty object. */
export const NoMembers = { type: 'object', additionalProperties: false, properties: {} } as const;

export const ClaimRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['owner'],
  properties: { owner },
} as const;

export const ClaimReport = {
  type: 'object',
  additionalProperties: false,
  required: ['namespace', 'value', 'owner'],
  properties: { namespace: text, value: text, owner: text },
} as const;
export type ClaimReport = Shape<typeof ClaimReport>;

export const Existed = {
  type: 'object',
  additionalProperties: false,
  required: ['existed'],
  properties: { existed: { ...flag, description: 'There was something to remove' } },
} as const;
export type Existed = Shape<typeof Existed>;

export const ConstraintRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['prefix', 'field'],
  properties: { prefix: text, field: { type: 'string', description: 'A JSON pointer (RFC 6901)' } },
} as const;

export const ConstraintReport = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'prefix', 'field'],
  properties: { name: text, prefix: text, field: text },
} as const;
export type ConstraintReport = Shape<typeof ConstraintReport>;

export const AcquireRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['owner', 'ttlMs'],
  properties: { owner, ttlMs, waitMs },
} as const;

export const HolderRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['fencingToken'],
  properties: { fencingToken },
} as const;

export const Lease = {
  type: 'object',
  additionalProperties: false,
  required: ['fencingToken', 'owner', 'ttlMs'],
  properties: { fencingToken, owner: text, ttlMs: count, term },
} as const;
export type Lease = Shape<typeof Lease>;

export const Released = {
  type: 'object',
  additionalProperties: false,
  required: ['released'],
  properties: { released: { const: true } },
} as const;
export type Released = Shape<typeof Released>;

export const LockReport = {
  type: 'object',
  additionalProperties: false,
  required: ['fencingToken', 'owner', 'ttlMs', 'remainingMs', 'waiting'],
  properties: {
    fencingToken,
    owner: text,
    ttlMs: count,
    remainingMs: { type: 'number', description: 'As far as the clock of this replica can tell' },
    waiting: { type: 'array', items: text, description: 'Owners in the order in which they will have it' },
    term,
  },
} as const;
export type LockReport = Shape<typeof LockReport>;

/** What a stream of an election shows while nobody leads. */
export const Vacancy = {
  type: 'object',
  additionalProperties: false,
  required: ['owner'],
  properties: { owner: { type: 'null' } },
} as const;
export type Vacancy = Shape<typeof Vacancy>;

export const MemberRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: text },
} as const;

export const MembershipReport = {
  type: 'object',
  additionalProperties: false,
  required: ['leader', 'term', 'members', 'changing'],
  properties: {
    leader: textOrNull,
    term: count,
    members: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'incarnation', 'role'],
        properties: { id: text, incarnation: text, role: { enum: ['leader', 'voter', 'observer'] } },
      },
    },
    changing: { ...flag, description: 'A change is under way' },
  },
} as const;
export type MembershipReport = Shape<typeof MembershipReport>;
