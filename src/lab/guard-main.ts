/**
 * The guard: a small process of its own that runs a lab's brokers and outlives the lab by a moment, to clean up after it.
 * When the channel to the lab closes - orderly, or because somebody killed it - the guard ends what still runs, undoes what
 * the lab did to this machine, removes the lab's temporary folder and exits. Its one argument is that folder, or nothing.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedBroker } from '../adapters/embedded-broker.js';
import { startNatsServer } from '../adapters/nats-server-process.js';
import { lookUpProcess, processIdentity } from '../adapters/process-identity.js';
import { CausewayError } from '../base/errors.js';
import type { BrokerOrder, Command, GuardOrder, GuardReport } from './guard-protocol.js';
import { runUndoing } from './undoing.js';

interface Broker {
  readonly url: string;
  readonly port: number;
  readonly routeUrl: string | undefined;
  readonly pid: number | undefined;
  /** As a crash would end it. */
  kill(): Promise<void>;
}

/** Replicas notice by themselves that the lab is gone; what has not ended after this is killed. */
const PATIENCE_MS = 1_200;
const POLL_MS = 20;

/** Process ids and, since those are given out again, who they were. */
const watched = new Map<number, string>();
const brokers = new Map<string, Broker>();
const undoing: Command[] = [];
/** Orders are carried out one after the other. */
let last: Promise<void> = Promise.resolve();

process.on('message', (order: GuardOrder) => {
  last = last.then(() => carryOut(order));
});
process.once('disconnect', () => {
  last = last.then(cleanUp);
});
// A signal to the whole process group is meant for the lab; the guard follows the lab, and ends last.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

async function carryOut(order: GuardOrder): Promise<void> {
  switch (order.kind) {
    case 'watch':
      watched.set(order.pid, processIdentity(order.pid));
      return;
    case 'unwatch':
      watched.delete(order.pid);
      return;
    case 'start-broker':
      return startBroker(order.name, order.broker, order.port);
    case 'stop-broker':
      await killBroker(order.name);
      report({ kind: 'broker-stopped' });
      return;
    case 'undo':
      undoing.unshift(order.command);
  }
}

async function startBroker(name: string, order: BrokerOrder, port: number): Promise<void> {
  try {
    const started = order.kind === 'embedded' ? await startEmbedded(port) : await startBinary(name, order, port);
    brokers.set(name, started);
    const { url, port: taken, routeUrl, pid } = started;
    report({ kind: 'broker-started', url, port: taken, routeUrl, pid });
  } catch (error) {
    const code = error instanceof CausewayError ? error.code : 'transport-failed';
    report({ kind: 'broker-failed', code, detail: error instanceof Error ? error.message : String(error) });
  }
}

async function startEmbedded(port: number): Promise<Broker> {
  const embedded = await startEmbeddedBroker({ port });
  return {
    url: embedded.url,
    port: embedded.port,
    routeUrl: undefined,
    pid: undefined,
    kill: () => embedded.close(),
  };
}

async function startBinary(name: string, order: BrokerOrder & { kind: 'binary' }, port: number): Promise<Broker> {
  const server = await startNatsServer({ ...order.place, binary: order.path, port });
  void server.exited.then(async (lastLine) => {
    if (brokers.get(name) !== server) return;
    brokers.delete(name);
    await server.close();
    report({ kind: 'broker-died', lastLine });
  });
  return server;
}

async function killBroker(name: string): Promise<void> {
  const running = brokers.get(name);
  brokers.delete(name);
  await running?.kill();
}

async function cleanUp(): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (survivors().length > 0 && performance.now() < deadlineMs) await sleep(POLL_MS);
  for (const pid of survivors()) process.kill(pid, 'SIGKILL');
  while (survivors().length > 0) await sleep(POLL_MS);
  for (const name of [...brokers.keys()]) await killBroker(name);
  await runUndoing(undoing);
  const folder = process.argv[2];
  if (folder !== undefined && folder !== '') await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

function survivors(): number[] {
  return [...watched].filter(([, identity]) => lookUpProcess(identity)?.alive).map(([pid]) => pid);
}

function report(message: GuardReport): void {
  if (process.connected) process.send?.(message);
}
