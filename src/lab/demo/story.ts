/** What a demo is made of: stories, each an idea and steps that show it, with what is promised beside what happens. */

export interface Story {
  readonly title: string;
  /** The idea, in a few sentences. */
  readonly lesson: string;
  readonly steps: readonly Step[];
}

export interface Step {
  /** What is done, as an imperative sentence. */
  readonly says: string;
  /** What must be observed. */
  readonly expected: string;
  /** Never throws for what a replica answers: that is the observation. */
  run(stage: Stage): Promise<Observation>;
}

export interface Observation {
  readonly ok: boolean;
  readonly observed: string;
  /** Lines to show before the verdict: the curl line, the response. */
  readonly shown?: readonly string[];
}

export type ReplicaName = 'r1' | 'r2' | 'r3';

/** Where stories are played: three replicas, and the tokens that its characters carry. */
export interface Stage {
  urlOf(replica: ReplicaName): string;
  readonly replicas: readonly ReplicaName[];
  /** Causal tokens by the name of their holder. */
  readonly tokens: Map<string, string>;
  /** What the characters keep from one step to a later one. */
  readonly notes: Map<string, string>;
}
