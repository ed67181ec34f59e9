/**
 * What the HTTP API says about keys and failures, as JSON Schema: the only source of its types, of what is checked, and
 * of the OpenAPI document.
 */
import { LIMITS } from '../base/limits.js';
import { count, type Shape, text, textOrNull } from './shape.js';

const encoding = { enum: ['utf8', 'base64'] } as const;
const level = { enum: ['eventual', 'causal', 'linearizable'] } as const;
const durability = { enum: ['local', 'majority', 'all'] } as const;

export const Problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'replica', 'retryable', 'outcome'],
  properties: {
    type: { type: 'string', description: 'urn:causeway:error: and the code of the error' },
    title: text,
    status: { type: 'integer' },
    detail: text,
    level: { type: 'string', description: 'The level the request asked for' },
    replica: text,
    retryable: { type: 'boolean', description: 'The same request may succeed later' },
    outcome: { enum: ['not-applied', 'unknown'], description: 'Whether the request took effect' },
    missing: {
      type: 'array',
      description: 'Writes the token names that have not reached this replica',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['origin', 'have', 'need'],
        properties: { origin: text, have: count, need: count },
      },
    },
    etag: { ...textOrNull, description: 'Entity tag of what is there; null if nothing is' },
    owner: { type: 'string', description: 'Who has what was asked for' },
    keys: { type: 'array', items: text, description: 'Keys that stand in the way, the first few' },
    remainingMs: { type: 'number', description: 'How long the lease of the holder still runs' },
    served: { type: 'array', items: text, description: 'Levels that would succeed now' },
    durability: text,
  },
} as const;
export type Problem = Shape<typeof Problem>;

export const Receipt = {
  type: 'object',
  additionalProperties: false,
  required: ['key', 'etag', 'level', 'durability', 'token', 'replica', 'timestamp'],
  properties: { key: text, etag: text, level, durability, token: text, replica: text, timestamp: text },
} as const;
export type Receipt = Shape<typeof Receipt>;

const valueMembers = { contentType: text, encoding, value: text } as const;

/** A concurrent version that lost arbitration. */
export const Sibling = {
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['etag', 'timestamp', 'contentType', 'encoding', 'value'],
      properties: { etag: text, timestamp: text, ...valueMembers },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['etag', 'timestamp', 'deleted'],
      properties: { etag: text, timestamp: text, deleted: { const: true } },
    },
  ],
} as const;
export type Sibling = Shape<typeof Sibling>;

const entryMembers = {
  key: text,
  etag: text,
  ...valueMembers,
  timestamp: text,
  siblings: { type: 'array', items: Sibling },
} as const;

/** A key in a list. */
export const ListedEntry = {
  type: 'object',
  additionalProperties: false,
  required: ['key', 'etag', 'contentType', 'encoding', 'value', 'timestamp', 'siblings'],
  properties: entryMembers,
} as const;
export type ListedEntry = Shape<typeof ListedEntry>;

/** A key by itself, `?format=entry`. */
export const Entry = {
  type: 'object',
  additionalProperties: false,
  required: ['key', 'etag', 'contentType', 'encoding', 'value', 'timestamp', 'level', 'token', 'siblings'],
  properties: { ...entryMembers, level, token: text },
} as const;
export type Entry = Shape<typeof Entry>;

/** A key of a multi-key read that does not exist; a deleted one may have siblings. */
export const AbsentEntry = {
  type: 'object',
  additionalProperties: false,
  required: ['key', 'etag', 'value'],
  properties: {
    key: text,
    etag: { type: 'null' },
    value: { type: 'null' },
    siblings: { type: 'array', items: Sibling },
  },
} as const;
export type AbsentEntry = Shape<typeof AbsentEntry>;

export const Page = {
  type: 'object',
  additionalProperties: false,
  required: ['items', 'next', 'level', 'token'],
  properties: { items: { type: 'array', items: ListedEntry }, next: textOrNull, level, token: text },
} as const;
export type Page = Shape<typeof Page>;

export const Selection = {
  type: 'object',
  additionalProperties: false,
  required: ['items', 'level', 'token'],
  properties: { items: { type: 'array', items: { anyOf: [ListedEntry, AbsentEntry] } }, level, token: text },
} as const;
export type Selection = Shape<typeof Selection>;

export const PutOp = {
  type: 'object',
  additionalProperties: false,
  required: ['put', 'value'],
  properties: { put: text, value: text, encoding, contentType: text },
} as const;
export type PutOp = Shape<typeof PutOp>;

export const DeleteOp = {
  type: 'object',
  additionalProperties: false,
  required: ['delete'],
  properties: { delete: text },
} as const;
export type DeleteOp = Shape<typeof DeleteOp>;

export const GetOp = {
  type: 'object',
  additionalProperties: false,
  required: ['get'],
  properties: { get: text },
} as const;
export type GetOp = Shape<typeof GetOp>;

export const BatchRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['ops'],
  properties: {
    ops: { type: 'array', minItems: 1, maxItems: LIMITS.batchMaxOps, items: { anyOf: [PutOp, DeleteOp] } },
  },
} as const;
export type BatchRequest = Shape<typeof BatchRequest>;

export const BatchReceipt = {
  type: 'object',
  additionalProperties: false,
  required: ['level', 'durability', 'token', 'replica', 'timestamp', 'results'],
  properties: {
    level,
    durability,
    token: text,
    replica: text,
    timestamp: text,
    results: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'etag'],
        properties: { key: text, etag: text },
      },
    },
  },
} as const;
export type BatchReceipt = Shape<typeof BatchReceipt>;
