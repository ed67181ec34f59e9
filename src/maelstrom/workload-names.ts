/** The workloads of Maelstrom that a node can run. */
export const WORKLOADS = ['echo', 'unique-ids', 'broadcast', 'g-set', 'g-counter', 'pn-counter', 'lin-kv'] as const;
export type WorkloadName = (typeof WORKLOADS)[number];
