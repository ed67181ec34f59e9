/** The routes in words: what each does, takes and answers, as the OpenAPI document shows it. Nothing here runs requests. */
import type { ErrorCode } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import {
  ClockRequest,
  ClusterReport,
  FaultList,
  FaultReport,
  Healed,
  LinkRequest,
  PartitionRequest,
  ReplicaReport,
} from './cluster-schemas.js';
import {
  consistency,
  consistencyParameter,
  guardHeaders,
  header,
  json,
  nothing,
  type Operation,
  plain,
  problems,
  readProblems,
  writeProblems,
} from './operation-parts.js';
import { ORDERED_OPERATIONS } from './ordered-operations.js';
import { BatchReceipt, BatchRequest, Entry, Page, Receipt, Selection } from './schemas.js';

const writeHeaders = {
  type: 'object',
  properties: {
    ...consistency,
    ...guardHeaders,
    durability: { enum: ['local', 'majority', 'all'], default: 'local', description: 'Of weaker writes' },
    prefer: header('return=minimal: 204 instead of the receipt'),
  },
} as const;
const conditionalHeaders = {
  type: 'object',
  properties: {
    ...writeHeaders.properties,
    'if-match': header('At linearizable: * or the entity tags of which the key must show one'),
    'if-none-match': header('At linearizable: *, the key must not exist'),
  },
} as const;
const readHeaders = {
  type: 'object',
  properties: {
    ...consistency,
    'if-match': header('412 unless the key shows this entity tag'),
    'if-none-match': header('304 if the key still has this entity tag'),
  },
} as const;

const key = { type: 'string', minLength: 1, maxLength: LIMITS.keyMaxBytes } as const;
const keyParams = {
  type: 'object',
  required: ['key'],
  properties: { key: { ...key, description: '1-511 bytes of UTF-8, percent-encoded; slashes may stay' } },
} as const;
const writeQuery = { type: 'object', properties: { consistency: consistencyParameter } } as const;
const keyedWriteQuery = {
  type: 'object',
  required: ['key'],
  properties: { key, consistency: consistencyParameter },
} as const;
const itemQuery = {
  type: 'object',
  properties: { consistency: consistencyParameter, format: { enum: ['entry'], description: 'JSON with all siblings' } },
} as const;
const listQuery = {
  type: 'object',
  properties: {
    consistency: consistencyParameter,
    prefix: header('Keys that begin with this'),
    after: header('The page starts behind this key'),
    limit: { type: 'integer', minimum: 1, maximum: LIMITS.listMaxItems, default: LIMITS.listDefaultItems },
    keys: header('Instead of a page: these keys, separated by commas, from one snapshot'),
    key: header('One more such key; given once and without keys, the route answers like /v1/kv/{key}'),
  },
} as const;

const value = {
  description: `The bytes to store, at most ${LIMITS.valueMaxBytes}`,
  content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
} as const;
const keyWriteProblems: readonly ErrorCode[] = [
  ...writeProblems,
  'precondition-needs-linearizable',
  'precondition-failed',
  'level-too-weak',
  'unique-violation',
];
const receiptResponses = {
  200: json('The write is acknowledged', Receipt),
  204: nothing('As 200, for a client that prefers no receipt'),
  ...problems(...keyWriteProblems),
};

const putResponses = {
  ...receiptResponses,
  201: json('If-None-Match: * has created the key', Receipt),
  ...problems(...keyWriteProblems, 'unsupported-media-type'),
};

const keys = ['keys'];
const cluster = ['cluster'];
const health = ['health'];
const faults = ['faults'];
const faultProblems = problems('invalid-request', 'faults-disabled', 'unsupported-media-type');
const faultResponses = { 200: json('The fault is in force', FaultReport), ...faultProblems };
const healResponses = { 200: json('How many faults have ended', Healed), ...faultProblems };
const nameParams = {
  type: 'object',
  required: ['name'],
  properties: { name: header('Letters, digits or ._~-') },
} as const;
const linkParams = {
  type: 'object',
  required: ['from', 'to'],
  properties: { from: header('Sending replica'), to: header('Receiving replica') },
} as const;

const OPERATIONS = {
  getItem: {
    tags: keys,
    summary: 'Read a key',
    params: keyParams,
    querystring: itemQuery,
    headers: readHeaders,
    response: {
      200: {
        description: 'The value with its stored type, or the entry',
        content: { '*/*': { schema: { type: 'string', format: 'binary' } }, 'application/json': { schema: Entry } },
      },
      304: nothing('The key still has the entity tag of If-None-Match'),
      ...problems(...readProblems, 'not-found', 'precondition-failed'),
    },
  },
  putItem: {
    tags: keys,
    summary: 'Write a key',
    params: keyParams,
    querystring: writeQuery,
    headers: conditionalHeaders,
    body: value,
    response: putResponses,
  },
  deleteItem: {
    tags: keys,
    summary: 'Delete a key, whether it exists or not',
    params: keyParams,
    querystring: writeQuery,
    headers: conditionalHeaders,
    response: receiptResponses,
  },
  getKeys: {
    tags: keys,
    summary: 'Read a page of keys, or chosen keys from one snapshot',
    querystring: listQuery,
    headers: { type: 'object', properties: consistency },
    response: {
      200: json('The keys with their values', { anyOf: [Page, Selection] }),
      ...problems(...readProblems),
    },
  },
  putKeyedItem: {
    tags: keys,
    summary: 'Write a key that a path cannot carry',
    description: 'Clients resolve the path segments . and .. before they send anything.',
    querystring: keyedWriteQuery,
    headers: conditionalHeaders,
    body: value,
    response: putResponses,
  },
  deleteKeyedItem: {
    tags: keys,
    summary: 'Delete a key that a path cannot carry',
    querystring: keyedWriteQuery,
    headers: conditionalHeaders,
    response: receiptResponses,
  },
  postBatch: {
    tags: keys,
    summary: 'Write several keys atomically',
    querystring: writeQuery,
    headers: writeHeaders,
    body: BatchRequest,
    response: {
      200: json('All writes are acknowledged', BatchReceipt),
      204: nothing('As 200, for a client that prefers no receipt'),
      ...problems(...keyWriteProblems, 'unsupported-media-type'),
    },
  },
  ...ORDERED_OPERATIONS,
  getReplica: {
    tags: cluster,
    summary: 'This replica: what it has, and how far its peers are',
    response: { 200: json('Its state now', ReplicaReport), ...problems('invalid-request') },
  },
  getCluster: {
    tags: cluster,
    summary: 'All members, as far as this replica knows',
    response: { 200: json('What it last heard of each', ClusterReport), ...problems('invalid-request') },
  },
  getFaults: {
    tags: faults,
    summary: 'Faults in force at this replica',
    response: { 200: json('Each with the time until it ends', FaultList), ...faultProblems },
  },
  deleteFaults: { tags: faults, summary: 'End all faults', response: healResponses },
  putPartition: {
    tags: faults,
    summary: 'Cut this replica off from those in other groups',
    params: nameParams,
    body: PartitionRequest,
    response: faultResponses,
  },
  deletePartition: { tags: faults, summary: 'End a partition', params: nameParams, response: healResponses },
  putLink: {
    tags: faults,
    summary: 'Lose, delay or duplicate messages of a directed link',
    params: linkParams,
    body: LinkRequest,
    response: faultResponses,
  },
  deleteLink: { tags: faults, summary: 'Restore a link', params: linkParams, response: healResponses },
  putClock: { tags: faults, summary: 'Shift this replica’s clock', body: ClockRequest, response: faultResponses },
  deleteClock: { tags: faults, summary: 'Restore the clock', response: healResponses },
  getLiveness: {
    tags: health,
    summary: 'The process is alive',
    response: {
      200: json('It is', { type: 'object', properties: { status: header('alive'), replica: header('Its id') } }),
    },
  },
  getReadiness: {
    tags: health,
    summary: 'Requests of a level would be served now',
    querystring: {
      type: 'object',
      properties: { level: { enum: ['eventual', 'causal', 'linearizable'], default: 'causal' } },
    },
    response: {
      200: json('They would', {
        type: 'object',
        properties: { status: header('ready'), replica: header('Its id'), level: header('The level') },
      }),
      ...problems('invalid-consistency-level', 'level-not-offered', 'invalid-request', 'not-ready'),
    },
  },
  getMetrics: { tags: health, summary: 'Prometheus metrics', response: { 200: plain('Text exposition format') } },
} as const satisfies Readonly<Record<string, Omit<Operation, 'operationId'>>>;

export type OperationName = keyof typeof OPERATIONS;

export function operation(name: OperationName): Operation {
  return { operationId: name, ...OPERATIONS[name] };
}
