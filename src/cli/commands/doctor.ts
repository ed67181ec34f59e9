/** `causeway doctor`: does this machine have what a cluster needs, and how good is it? */
import { freemem, tmpdir, totalmem } from 'node:os';
import { probeNats } from '../../adapters/nats-probe.js';
import { parseNatsUrl } from '../../adapters/nats-url.js';
import { type BrokerChoice, chooseBroker } from '../../lab/broker-choice.js';
import { isTcpFree } from '../../lab/port-lease.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { measureDisk } from '../measure-disk.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface DoctorOptions {
  readonly output?: 'table' | 'json';
  readonly data?: string;
}

/** `warn`: it works, but not as well as it could. */
type Verdict = 'ok' | 'warn' | 'bad';

interface Finding {
  readonly what: string;
  readonly verdict: Verdict;
  readonly detail: string;
}

const LAB_PORTS = [7101, 7102, 7103];
const LOWEST_NODE = [20, 19] as const;
const SLOW_FLUSH_MS = 20;
const LITTLE_MEMORY_BYTES = 512 * 2 ** 20;

export async function doctor(terminal: Terminal, options: DoctorOptions): Promise<ExitCode> {
  const findings: Finding[] = [
    checkNode(),
    await checkBroker(terminal),
    await checkDisk(options.data ?? tmpdir()),
    await checkPorts(),
    checkMemory(),
  ];
  if (options.output === 'json') terminal.out(`${JSON.stringify({ findings })}\n`);
  else
    terminal.out(
      renderTable(
        ['CHECK', 'VERDICT', 'DETAIL'],
        findings.map(({ what, verdict, detail }) => [what, verdict, detail]),
      ),
    );
  return findings.some(({ verdict }) => verdict === 'bad') ? EXIT.failed : EXIT.ok;
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1]);
  const detail = `${process.versions.node} on ${process.platform} ${process.arch}`;
  return isEnough
    ? { what: 'Node.js', verdict: 'ok', detail }
    : { what: 'Node.js', verdict: 'bad', detail: `${detail}; ${LOWEST_NODE.join('.')} or later is needed` };
}

async function checkBroker(terminal: Terminal): Promise<Finding> {
  const what = 'NATS';
  try {
    return { what, ...(await brokerVerdict(await chooseBroker(terminal.env, { install: false }))) };
  } catch (error) {
    return { what, verdict: 'bad', detail: error instanceof Error ? error.message : String(error) };
  }
}

async function brokerVerdict(choice: BrokerChoice): Promise<Omit<Finding, 'what'>> {
  if (choice.kind === 'binary') {
    return { verdict: 'ok', detail: `nats-server ${choice.version} at ${choice.path} (found by: ${choice.source})` };
  }
  if (choice.kind === 'embedded') {
    const advice = 'the embedded broker will be used; `causeway nats install` may get one';
    return { verdict: 'warn', detail: `no nats-server: ${choice.why}; ${advice}` };
  }
  const { hostname, port, hostPort } = parseNatsUrl(choice.url);
  const { version } = await probeNats({ hostname, port, timeoutMs: 2_000 }).catch((error: Error) => {
    throw new Error(`the server at ${hostPort} (NATS_URL) cannot be used: ${error.message}`);
  });
  return { verdict: 'ok', detail: `nats-server ${version} at ${hostPort} (NATS_URL)` };
}

async function checkDisk(folder: string): Promise<Finding> {
  const what = 'Disk';
  try {
    const { medianMs, worstMs, freeBytes } = await measureDisk(folder);
    const detail = `LMDB works in ${folder}; a durable write takes ${medianMs.toFixed(1)} ms (worst ${worstMs.toFixed(1)} ms); ${gibibytes(freeBytes)} free`;
    return { what, verdict: medianMs > SLOW_FLUSH_MS ? 'warn' : 'ok', detail };
  } catch (error) {
    return { what, verdict: 'bad', detail: error instanceof Error ? error.message : String(error) };
  }
}

async function checkPorts(): Promise<Finding> {
  const free = await Promise.all(LAB_PORTS.map((port) => isTcpFree(port)));
  const taken = LAB_PORTS.filter((_, i) => free[i] === false);
  if (taken.length === 0) return { what: 'Ports', verdict: 'ok', detail: `${LAB_PORTS.join(', ')} are free` };
  return { what: 'Ports', verdict: 'warn', detail: `${taken.join(', ')} in use; a lab takes the next free ones` };
}

function checkMemory(): Finding {
  const detail = `${gibibytes(freemem())} free of ${gibibytes(totalmem())}`;
  return { what: 'Memory', verdict: freemem() < LITTLE_MEMORY_BYTES ? 'warn' : 'ok', detail };
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
