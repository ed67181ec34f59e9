/** What the HTTP API says about transactions, as JSON Schema. */
import { LIMITS } from '../base/limits.js';
import { DeleteOp, GetOp, PutOp } from './schemas.js';
import { alike, flag, type Shape, text, textOrNull } from './shape.js';

const encoding = { enum: ['utf8', 'base64'] } as const;

/** The key shows the version of this entity tag; `*` stands for every version, null for no value. */
export const TagCheck = {
  type: 'object',
  additionalProperties: false,
  required: ['key', 'etag'],
  properties: { key: text, etag: textOrNull },
} as const;

/** The key shows exactly this value; null stands for none. */
export const ValueCheck = {
  type: 'object',
  additionalProperties: false,
  required: ['key', 'value'],
  properties: { key: text, value: textOrNull, encoding },
} as const;

/** What to do if all conditions hold, and else. */
export const BRANCHES = ['then', 'else'] as const;

const branch = { type: 'array', maxItems: LIMITS.batchMaxOps, items: { anyOf: [PutOp, DeleteOp, GetOp] } } as const;

export const TxnBody = {
  type: 'object',
  additionalProperties: false,
  properties: {
    if: { type: 'array', maxItems: LIMITS.batchMaxOps, items: { anyOf: [TagCheck, ValueCheck] } },
    ...alike(BRANCHES, branch),
  },
} as const;

/** What was written, what a get found, or that it found nothing. */
export const TxnOpResult = {
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['key', 'etag'],
      properties: { key: text, etag: text },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['key', 'etag', 'contentType', 'encoding', 'value', 'timestamp', 'conflicts'],
      properties: {
        key: text,
        etag: text,
        contentType: text,
        encoding,
        value: text,
        timestamp: text,
        conflicts: { type: 'integer', minimum: 0 },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['key', 'etag', 'value'],
      properties: { key: text, etag: { type: 'null' }, value: { type: 'null' } },
    },
  ],
} as const;
export type TxnOpResult = Shape<typeof TxnOpResult>;

export const TxnAnswer = {
  type: 'object',
  additionalProperties: false,
  required: ['succeeded', 'results', 'token'],
  properties: {
    succeeded: { ...flag, description: 'All of if held, and then was done; else what else says' },
    results: { type: 'array', items: TxnOpResult, description: 'In the order of the operations' },
    token: text,
  },
} as const;
export type TxnAnswer = Shape<typeof TxnAnswer>;
