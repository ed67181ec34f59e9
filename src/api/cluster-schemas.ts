/** What the HTTP API says about replicas and takes and says about faults, as JSON Schema. */
import { LIMITS } from '../base/limits.js';
import { count, flag, numberOrNull, type Shape, text, textOrNull, vector } from './shape.js';

const ttlMs = { type: 'integer', minimum: 1, maximum: LIMITS.faultMaxTtlMs } as const;
const probability = { type: 'number', minimum: 0, maximum: 1 } as const;
const delayMs = { type: 'number', minimum: 0, maximum: LIMITS.linkDelayMaxMs } as const;

export const PeerStatus = {
  type: 'object',
  required: ['id', 'reachable', 'lagOps', 'lagMs', 'lastContactMs', 'url'],
  properties: {
    id: text,
    reachable: flag,
    lagOps: count,
    lagMs: { type: 'number' },
    lastContactMs: numberOrNull,
    url: textOrNull,
  },
} as const;
export type PeerStatus = Shape<typeof PeerStatus>;

export const ReplicaReport = {
  type: 'object',
  required: [
    'id',
    'incarnation',
    'clusterId',
    'role',
    'term',
    'leader',
    'logIndex',
    'commitIndex',
    'appliedIndex',
    'vector',
    'stable',
    'buffered',
    'hlc',
    'keys',
    'peers',
    'transport',
    'transportConnected',
    'catchingUp',
    'faultsEnabled',
    'url',
    'startedMs',
  ],
  properties: {
    id: text,
    incarnation: text,
    clusterId: text,
    role: { enum: ['leader', 'follower', 'candidate', 'observer'] },
    term: count,
    leader: textOrNull,
    logIndex: count,
    commitIndex: count,
    appliedIndex: count,
    vector,
    stable: vector,
    buffered: count,
    hlc: text,
    keys: count,
    peers: { type: 'array', items: PeerStatus },
    transport: text,
    transportConnected: flag,
    catchingUp: flag,
    faultsEnabled: flag,
    url: text,
    startedMs: { type: 'number' },
  },
} as const;
export type ReplicaReport = Shape<typeof ReplicaReport>;

/** A member that was never heard from has neither incarnation nor what follows it. */
export const ClusterMember = {
  type: 'object',
  required: ['id', 'url', 'reachable'],
  properties: {
    id: text,
    url: textOrNull,
    reachable: flag,
    role: { enum: ['leader', 'follower', 'observer'], description: 'In the total order, as this replica knows it' },
    incarnation: text,
    vector,
    buffered: count,
    keys: count,
    hlc: text,
    startedMs: { type: 'number' },
    lagOps: { ...count, description: 'Of peers: writes that it lacks of what this replica has' },
    lagMs: { type: 'number' },
    lastContactMs: { type: 'number' },
    logIndex: { ...count, description: 'Of this replica, as are the next two' },
    commitIndex: count,
    appliedIndex: count,
  },
} as const;
export type ClusterMember = Shape<typeof ClusterMember>;

export const ClusterReport = {
  type: 'object',
  required: ['clusterId', 'replica', 'members'],
  properties: {
    clusterId: text,
    replica: text,
    leader: textOrNull,
    term: count,
    members: { type: 'array', items: ClusterMember },
  },
} as const;
export type ClusterReport = Shape<typeof ClusterReport>;

export const PartitionRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['groups'],
  properties: {
    groups: {
      type: 'array',
      minItems: 1,
      maxItems: LIMITS.membersMax,
      items: { type: 'array', minItems: 1, maxItems: LIMITS.membersMax, items: text },
    },
    ttlMs,
  },
} as const;
export type PartitionRequest = Shape<typeof PartitionRequest>;

export const LinkRequest = {
  type: 'object',
  additionalProperties: false,
  properties: { drop: probability, delayMs, jitterMs: delayMs, duplicate: probability, ttlMs },
} as const;
export type LinkRequest = Shape<typeof LinkRequest>;

export const ClockRequest = {
  type: 'object',
  additionalProperties: false,
  required: ['skewMs'],
  properties: {
    skewMs: { type: 'integer', minimum: -LIMITS.clockSkewMaxMs, maximum: LIMITS.clockSkewMaxMs },
    ttlMs,
  },
} as const;
export type ClockRequest = Shape<typeof ClockRequest>;

/** A fault in force: the members of its request, its kind and name, and the time until it heals by itself. */
export const FaultReport = {
  type: 'object',
  required: ['kind', 'ttlMs', 'remainingMs'],
  properties: { kind: { enum: ['partition', 'link', 'clock'] }, ttlMs: count, remainingMs: { type: 'number' } },
} as const;

export const FaultList = {
  type: 'object',
  additionalProperties: false,
  required: ['faults'],
  properties: { faults: { type: 'array', items: FaultReport } },
} as const;

export const Healed = {
  type: 'object',
  additionalProperties: false,
  required: ['healed'],
  properties: { healed: count },
} as const;
export type Healed = Shape<typeof Healed>;
