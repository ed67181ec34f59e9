/**
 * Remembers every write group that was ever seen on any disk, and says from them alone, by the definitions and without
 * any of the product's merging, which writes must be left in the end.
 */
import type { Dot } from '../../src/clocks/dot.js';
import { formatDot } from '../../src/clocks/dot.js';
import type { VersionVector } from '../../src/clocks/version-vector.js';
import { decodeBody, type GroupBody } from '../../src/keyspace/group-body.js';
import { decodeRecord } from '../../src/keyspace/key-record.js';
import { dotsOf } from '../../src/keyspace/version.js';
import { decodeGroup, type WriteGroup } from '../../src/replication/write-group.js';
import type { Node, SimulatedCluster } from './simulated-cluster.js';

interface Seen {
  readonly group: WriteGroup;
  readonly body: GroupBody;
}

export class DotLedger {
  readonly #seen = new Map<string, Seen>();
  /** Dots that were found to name two different groups: there must never be one. */
  readonly reused: string[] = [];

  /** From now on. */
  constructor(cluster: SimulatedCluster) {
    cluster.onOperation = (node, encoded) => this.#note(node, encoded);
  }

  get size(): number {
    return this.#seen.size;
  }

  has(dot: Dot): boolean {
    return this.#seen.has(formatDot(dot));
  }

  #note(node: Node, encoded: Uint8Array): void {
    const group = decodeGroup(encoded);
    const name = formatDot(group.dot);
    const before = this.#seen.get(name);
    if (before === undefined) this.#seen.set(name, { group, body: decodeBody(group.body) });
    else if (!Buffer.from(before.group.encoded).equals(encoded)) this.reused.push(`${name} at ${node.id}`);
  }

  /**
   * By key: the writes that no other has in its past, each as the dots of its retries. Deletions are left out, and so is
   * what `within` does not cover, because it was lost with the only disk that held it.
   */
  survivors(within?: VersionVector): Record<string, string[]> {
    const byKey = new Map<string, Map<string, Seen[]>>();
    for (const seen of this.#seen.values()) {
      if (within !== undefined && !within.covers(seen.group.dot)) continue;
      const { retry, ops } = seen.body;
      const write = retry === undefined ? formatDot(seen.group.dot) : `${retry.key}/${retry.fingerprint}`;
      for (const { key } of ops) {
        const writes = byKey.get(key) ?? new Map<string, Seen[]>();
        writes.set(write, [...(writes.get(write) ?? []), seen]);
        byKey.set(key, writes);
      }
    }
    const left = [...byKey].map(([key, writes]): [string, string[]] => [key, survivorsOf(key, [...writes.values()])]);
    return Object.fromEntries(left.filter(([, dots]) => dots.length > 0).sort());
  }

  /** The same of what a node holds. */
  held(node: Node): Record<string, string[]> {
    const held = [...(node.storage?.range('keyspace', {}) ?? [])].map(({ key, value }): [string, string[]] => {
      const values = decodeRecord(value).filter(({ kind }) => kind === 'value');
      return [Buffer.from(key).toString(), values.map((version) => named(dotsOf(version))).sort()];
    });
    return Object.fromEntries(held.filter(([, dots]) => dots.length > 0).sort());
  }
}

function survivorsOf(key: string, writes: readonly (readonly Seen[])[]): string[] {
  return writes
    .filter((tries) => {
      const isOver = ({ group }: Seen) => tries.some((own) => group.deps.covers(own.group.dot));
      return !writes.some((others) => others !== tries && others.some(isOver));
    })
    .filter((tries) => tries[0]?.body.ops.some((op) => op.key === key && op.kind === 'put'))
    .map((tries) => named(tries.map(({ group }) => group.dot)))
    .sort();
}

function named(dots: readonly Dot[]): string {
  return dots.map(formatDot).sort().join('+');
}
