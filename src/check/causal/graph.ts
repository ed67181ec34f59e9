/** A directed graph over numbered nodes, its topological order, and the shortest way from one node to another. */

export interface Edge {
  readonly from: number;
  readonly to: number;
}

export class Graph {
  readonly nodes: number;
  readonly edges: readonly Edge[];
  /** Neighbours of node `v` stand at `starts[v]` up to `starts[v + 1]`. */
  readonly after: Neighbours;
  readonly before: Neighbours;

  constructor(nodes: number, edges: readonly Edge[]) {
    this.nodes = nodes;
    this.edges = edges;
    this.after = neighbours(
      nodes,
      edges,
      (edge) => edge.from,
      (edge) => edge.to,
    );
    this.before = neighbours(
      nodes,
      edges,
      (edge) => edge.to,
      (edge) => edge.from,
    );
  }

  with(edges: readonly Edge[]): Graph {
    return new Graph(this.nodes, [...this.edges, ...edges]);
  }

  /** All nodes, each after those before it; `undefined` if there is a cycle (A. Kahn, 1962). */
  topologicalOrder(): Int32Array | undefined {
    const waiting = waitingFor(this);
    const order = new Int32Array(this.nodes);
    let [taken, found] = [0, 0];
    for (let node = 0; node < this.nodes; node += 1) if (waiting[node] === 0) order[found++] = node;
    for (; taken < found; taken += 1) {
      const node = order[taken] as number;
      for (let i = this.after.starts[node] as number; i < (this.after.starts[node + 1] as number); i += 1) {
        const next = this.after.list[i] as number;
        waiting[next] = (waiting[next] as number) - 1;
        if (waiting[next] === 0) order[found++] = next;
      }
    }
    return found === this.nodes ? order : undefined;
  }

  /** The nodes of a shortest cycle through some node that lies on one; `undefined` if there is none. */
  cycle(): readonly number[] | undefined {
    const start = this.#nodeOnCycle();
    if (start === undefined) return undefined;
    const way = this.path(start, start);
    return way?.slice(0, -1);
  }

  /** The nodes of a shortest way with at least one edge, both ends included; `undefined` if there is none. */
  path(from: number, to: number): readonly number[] | undefined {
    const cameFrom = new Int32Array(this.nodes).fill(-1);
    const queue = [from];
    for (let at = 0; at < queue.length; at += 1) {
      const node = queue[at] as number;
      for (const next of neighboursOf(this.after, node)) {
        if ((cameFrom[next] as number) >= 0) continue;
        cameFrom[next] = node;
        if (next === to) return wayBack(cameFrom, from, to);
        queue.push(next);
      }
    }
    return undefined;
  }

  /** Going back among the nodes that no topological order can place ends up in a cycle. */
  #nodeOnCycle(): number | undefined {
    const waiting = waitingFor(this);
    const free = [...waiting.keys()].filter((node) => waiting[node] === 0);
    for (let node = free.pop(); node !== undefined; node = free.pop()) {
      for (const next of neighboursOf(this.after, node)) {
        waiting[next] = (waiting[next] as number) - 1;
        if (waiting[next] === 0) free.push(next);
      }
    }
    let at = waiting.findIndex((count) => count > 0);
    if (at < 0) return undefined;
    const seen = new Set<number>();
    while (!seen.has(at)) {
      seen.add(at);
      at = neighboursOf(this.before, at).find((node) => (waiting[node] as number) > 0) as number;
    }
    return at;
  }
}

export interface Neighbours {
  readonly starts: Int32Array;
  readonly list: Int32Array;
}

export function neighboursOf({ starts, list }: Neighbours, node: number): Int32Array {
  return list.subarray(starts[node] as number, starts[node + 1] as number);
}

function neighbours(
  nodes: number,
  edges: readonly Edge[],
  owner: (edge: Edge) => number,
  other: (edge: Edge) => number,
): Neighbours {
  const starts = new Int32Array(nodes + 1);
  for (const edge of edges) starts[owner(edge) + 1] = (starts[owner(edge) + 1] as number) + 1;
  for (let node = 0; node < nodes; node += 1) {
    starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
  }
  const next = starts.slice();
  const list = new Int32Array(edges.length);
  for (const edge of edges) {
    const at = next[owner(edge)] as number;
    list[at] = other(edge);
    next[owner(edge)] = at + 1;
  }
  return { starts, list };
}

function waitingFor({ nodes, before }: Graph): Int32Array {
  const waiting = new Int32Array(nodes);
  for (let node = 0; node < nodes; node += 1) {
    waiting[node] = (before.starts[node + 1] as number) - (before.starts[node] as number);
  }
  return waiting;
}

function wayBack(cameFrom: Int32Array, from: number, to: number): readonly number[] {
  const way = [to];
  for (let at = cameFrom[to] as number; at !== from; at = cameFrom[at] as number) way.push(at);
  return [from, ...way.reverse()];
}
