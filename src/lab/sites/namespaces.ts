/**
 * Replicas in network namespaces of their own, each with its nats-server, joined by a bridge in one more namespace, to which
 * the lab has a link of its own. Packets between replicas are dropped by iptables where they arrive; the lab's requests
 * are not. Needs Linux, root, ip and iptables.
 */
import { randomBytes, randomInt } from 'node:crypto';
import process from 'node:process';
import { findProgram, pathDirectories, runProgram } from '../../adapters/run-program.js';
import { CausewayError } from '../../base/errors.js';
import type { BrokerChoice } from '../broker-choice.js';
import type { Guard } from '../guard.js';
import type { Command } from '../guard-protocol.js';
import { OwnBrokers } from './own-brokers.js';
import type { LabNetwork, Site, Surroundings } from './site.js';

const TIMEOUT_MS = 10_000;
const USUAL_DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
/** In a namespace of its own a server may have any port. */
const NATS_PORT = 4222;
const ROUTE_PORT = 6222;
const HTTP_PORT = 7101;
const LAB_HOST = 254;
/** What iptables does with a packet. */
const DROPPED = ['DROP'] as const;
const RESET = ['REJECT', '--reject-with', 'tcp-reset'] as const;

interface Tools {
  readonly ip: string;
  readonly iptables: string;
}

type Found = { readonly kind: 'found'; readonly tools: Tools } | { readonly kind: 'missing'; readonly why: string };

/** Why this machine cannot do it, in words; undefined if it can. Tries it. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  const found = await findTools();
  return found.kind === 'missing' ? found.why : undefined;
}

/** @throws CausewayError `invalid-config` where that cannot be done */
export async function namespaceSurroundings(choice: BrokerChoice, guard: Guard): Promise<Surroundings> {
  const brokers = new OwnBrokers(choice, guard);
  const found = await findTools();
  if (found.kind === 'missing') throw new CausewayError('invalid-config', found.why);
  const bridge = new Bridge(found.tools, guard, await freeSubnet(found.tools));
  await bridge.raise();
  const plugged: Plugged[] = [];
  return {
    nats: brokers,
    network: networkOf(plugged, found.tools),
    site: async (id): Promise<Site> => {
      const place = await bridge.plug(id, plugged.length + 1);
      const routes = plugged.map(({ host }) => `nats-route://${host}:${ROUTE_PORT}`);
      plugged.push(place);
      const { host, launcher } = place;
      const { url } = await brokers.add(id, { host, launcher }, { port: ROUTE_PORT, routes }, NATS_PORT);
      return { id, http: `${host}:${HTTP_PORT}`, natsUrl: url, launcher };
    },
    // The guard takes away what was built, when the brokers are gone.
    close: async () => undefined,
  };
}

interface Plugged {
  readonly id: string;
  readonly host: string;
  /** Runs what follows inside. */
  readonly launcher: readonly [string, ...string[]];
}

/** The namespace in the middle. Names and addresses are random, so that labs do not meet. */
class Bridge {
  readonly #ip: string;
  readonly #guard: Guard;
  readonly #name = `cw${randomBytes(4).toString('hex')}`;
  readonly #subnet: string;

  constructor({ ip }: Tools, guard: Guard, subnet: string) {
    this.#ip = ip;
    this.#guard = guard;
    this.#subnet = subnet;
  }

  async raise(): Promise<void> {
    const hub = `${this.#name}-hub`;
    await this.#namespace(hub);
    await this.#inside(hub, 'link', 'add', 'bridge', 'type', 'bridge');
    await this.#inside(hub, 'link', 'set', 'bridge', 'up');
    this.#guard.undoAtEnd([this.#ip, 'link', 'del', this.#name]);
    await run([this.#ip, 'link', 'add', this.#name, 'type', 'veth', 'peer', 'name', 'lab', 'netns', hub]);
    await run([this.#ip, 'addr', 'add', `${this.#subnet}.${LAB_HOST}/24`, 'dev', this.#name]);
    await run([this.#ip, 'link', 'set', this.#name, 'up']);
    await this.#inside(hub, 'link', 'set', 'lab', 'master', 'bridge', 'up');
  }

  async plug(id: string, number: number): Promise<Plugged> {
    const [hub, namespace, host] = [`${this.#name}-hub`, `${this.#name}-${id}`, `${this.#subnet}.${number}`];
    await this.#namespace(namespace);
    await this.#inside(hub, 'link', 'add', `port${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await this.#inside(hub, 'link', 'set', `port${number}`, 'master', 'bridge', 'up');
    await this.#inside(namespace, 'addr', 'add', `${host}/24`, 'dev', 'eth0');
    await this.#inside(namespace, 'link', 'set', 'eth0', 'up');
    return { id, host, launcher: [this.#ip, 'netns', 'exec', namespace] };
  }

  async #namespace(name: string): Promise<void> {
    // Told before it is there: whatever happens in between, it does not stay.
    this.#guard.undoAtEnd([this.#ip, 'netns', 'del', name]);
    await run([this.#ip, 'netns', 'add', name]);
    await this.#inside(name, 'link', 'set', 'lo', 'up');
  }

  #inside(namespace: string, ...args: readonly string[]): Promise<void> {
    return run([this.#ip, '-n', namespace, ...args]);
  }
}

/** The first three numbers of addresses in the range that RFC 2544 sets aside for tests of networks. */
async function freeSubnet({ ip }: Tools): Promise<string> {
  const { stdout: taken } = await runProgram(ip, ['-4', '-o', 'addr'], { timeoutMs: TIMEOUT_MS });
  for (;;) {
    const subnet = `198.${18 + randomInt(2)}.${randomInt(256)}`;
    if (!taken.includes(` ${subnet}.`)) return subnet;
  }
}

function networkOf(plugged: readonly Plugged[], { iptables }: Tools): LabNetwork {
  const refuse = async (from: string, to: string, target: readonly string[]): Promise<void> => {
    const [sender, receiver] = [from, to].map((id) => plugged.find((place) => place.id === id));
    if (sender === undefined || receiver === undefined) {
      throw new CausewayError('invalid-config', `the lab has no two replicas ${from} and ${to}`);
    }
    await run([...receiver.launcher, iptables, '-w', '-A', 'INPUT', '-s', sender.host, '-p', 'tcp', '-j', ...target]);
  };
  return {
    cut: (from, to) => refuse(from, to, DROPPED),
    sever: async (one, other) => {
      await refuse(one, other, RESET);
      await refuse(other, one, RESET);
    },
    slow: undefined,
    heal: async () => {
      for (const { launcher } of plugged) await run([...launcher, iptables, '-w', '-F', 'INPUT']);
    },
  };
}

async function findTools(): Promise<Found> {
  if (process.getuid?.() !== 0) return { kind: 'missing', why: 'network namespaces need root' };
  const directories = [...pathDirectories(process.env), ...USUAL_DIRECTORIES];
  const [ip, iptables] = ['ip', 'iptables'].map((name) => findProgram(name, directories));
  if (ip === undefined) return { kind: 'missing', why: 'there is no program ip' };
  if (iptables === undefined) return { kind: 'missing', why: 'there is no program iptables' };
  const why = await tryTools({ ip, iptables });
  return why === undefined ? { kind: 'found', tools: { ip, iptables } } : { kind: 'missing', why };
}

/** Root may still lack the right, and the kernel what iptables needs. */
async function tryTools({ ip, iptables }: Tools): Promise<string | undefined> {
  const trial = `cw${randomBytes(4).toString('hex')}-try`;
  try {
    await run([ip, 'netns', 'add', trial]);
    for (const target of [DROPPED, RESET]) {
      await run([ip, 'netns', 'exec', trial, iptables, '-w', '-A', 'INPUT', '-p', 'tcp', '-j', ...target]);
    }
    return undefined;
  } catch (error) {
    if (error instanceof CausewayError) return error.message;
    throw error;
  } finally {
    await runProgram(ip, ['netns', 'del', trial], { timeoutMs: TIMEOUT_MS });
  }
}

/** @throws CausewayError `internal-error` with what it said */
async function run([program, ...args]: Command): Promise<void> {
  const { ok, complaint } = await runProgram(program, args, { timeoutMs: TIMEOUT_MS });
  if (!ok) throw new CausewayError('internal-error', `${[program, ...args].join(' ')}: ${complaint}`);
}
