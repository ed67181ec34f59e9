/** The replica processes of a lab: those it began with, and those that came and went since. */
import { CausewayError } from '../base/errors.js';
import type { Guard } from './guard.js';
import type { LabFolder } from './lab-folder.js';
import { waitUntilMutuallyVisible } from './readiness.js';
import { ReplicaProcess } from './replica-process.js';
import type { Site, Surroundings } from './sites/site.js';

export interface FleetOptions {
  readonly folder: LabFolder;
  readonly surroundings: Surroundings;
  readonly guard: Guard;
  /** What all processes are started with alike. */
  readonly options: { readonly logLevel?: string; readonly serveArgs?: readonly string[] };
  readonly report: (line: string) => void;
}

export class Fleet {
  readonly #options: FleetOptions;
  #replicas: readonly ReplicaProcess[] = [];
  /** Names are not given twice: the data of an earlier bearer is still there. */
  #named = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get replicas(): readonly ReplicaProcess[] {
    return this.#replicas;
  }

  /** @throws CausewayError `invalid-config` if there is none of this name. */
  replica(id: string): ReplicaProcess {
    const found = this.#replicas.find((replica) => replica.id === id);
    if (found === undefined) throw new CausewayError('invalid-config', `the lab has no replica ${id}`);
    return found;
  }

  /** The first replicas, all at once. Resolves when all see all. */
  async start(count: number): Promise<void> {
    const sites: Site[] = [];
    while (sites.length < count) sites.push(await this.#nextSite());
    this.#replicas = sites.map((site) => this.#make(site, sites));
    await allOrFirstFailure(this.#replicas.map((replica) => replica.start()));
    await waitUntilMutuallyVisible(this.#replicas);
  }

  async add(): Promise<ReplicaProcess> {
    const site = await this.#nextSite();
    const known = this.#replicas.map(({ id, url }) => ({ id, http: new URL(url).host }));
    const replica = this.#make(site, [...known, site]);
    this.#replicas = [...this.#replicas, replica];
    await replica.start();
    return replica;
  }

  async drop(id: string): Promise<void> {
    const replica = this.replica(id);
    this.#replicas = this.#replicas.filter((each) => each !== replica);
    await replica.stop();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
  }

  #nextSite(): Promise<Site> {
    this.#named += 1;
    return this.#options.surroundings.site(`r${this.#named}`);
  }

  #make({ id, http, natsUrl, launcher }: Site, members: readonly Pick<Site, 'id' | 'http'>[]): ReplicaProcess {
    const { folder, guard, options, report } = this.#options;
    const peers = members.map((member) => `${member.id}=http://${member.http}`).join(',');
    const own = ['--id', id, '--http', http, '--data', folder.dataOf(id)];
    const common = ['--cluster', folder.cluster, '--nats', natsUrl, '--peers', peers, '--enable-faults'];
    const level = options.logLevel === undefined ? [] : ['--log-level', options.logLevel];
    const args = [...own, ...common, ...level, ...(options.serveArgs ?? [])];
    return new ReplicaProcess(
      { id, url: `http://${http}`, launcher, args, logFile: folder.logOf(id) },
      {
        started: (pid) => guard.watch(pid),
        ended: (pid, how, expected) => {
          guard.unwatch(pid);
          if (!expected) report(`replica ${id} ended (${how}); its log is ${folder.logOf(id)}`);
        },
      },
    );
  }
}

/** Waits for all, also when one fails, so that none is left half started. */
async function allOrFirstFailure(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
