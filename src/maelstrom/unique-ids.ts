/**
 * The unique-ids workload. The id is the dot of a write: no two writes of a cluster ever have the same, and a replica
 * names one only once nothing can take it back. No other node is asked, so ids are handed out in any partition.
 */
import type { Replica } from '../replica/handle.js';
import { CAUSAL, putJson, type Workload } from './workload.js';

export function uniqueIds(replica: Replica): Workload {
  const generate = async () => {
    const ops = [putJson(`unique-ids/${replica.id}`, null)];
    const { etag } = await replica.write({ ops, durability: 'local' }, CAUSAL);
    return { id: etag.slice(1, -1) };
  };
  return { handlers: { generate }, isInUse: () => Promise.resolve(false) };
}
