/**
 * The public entry `causeway`: what a program needs to run replicas inside itself - the replica, the adapters to open
 * it over, and the HTTP app to serve it with. Programs that only talk to a cluster use `causeway/client`.
 */
export { type DataDirectory, openDataDirectory } from './adapters/data-directory.js';
export { type EmbeddedBroker, startEmbeddedBroker } from './adapters/embedded-broker.js';
export { openLmdbStorage } from './adapters/lmdb-storage.js';
export { MemoryDisk, type MemoryStorage, openMemoryStorage } from './adapters/memory-storage.js';
export { createMemoryTime, type MemoryTime } from './adapters/memory-time.js';
export { createMemoryNetwork, type MemoryNetwork } from './adapters/memory-transport.js';
export { connectNats } from './adapters/nats-transport.js';
export { createSystemRandom } from './adapters/system-random.js';
export { createSystemTime } from './adapters/system-time.js';
export { buildApp } from './api/app.js';
export { CausewayError, ERRORS, type ErrorCode, type ErrorFacts, type Outcome } from './base/errors.js';
export { type ClusterId, type Origin, parseClusterId, parseReplicaId, type ReplicaId } from './base/ids.js';
export { LIMITS } from './base/limits.js';
export { decodeToken, encodeToken } from './clocks/causal-token.js';
export type { Dot } from './clocks/dot.js';
export type { Hlc } from './clocks/hybrid-logical-clock.js';
export { VersionVector } from './clocks/version-vector.js';
export type { Version } from './keyspace/version.js';
export type { Random } from './ports/random.js';
export type { Storage } from './ports/storage.js';
export type { Time } from './ports/time.js';
export type { Trace, TraceEvent } from './ports/trace.js';
export type { Transport } from './ports/transport.js';
export type * from './replica/handle.js';
export { openReplica } from './replica/open-replica.js';
export type * from './replica/ordered-handle.js';
export type { ReplicaOptions } from './replica/replica-options.js';
export type * from './replica/request-types.js';
