/**
 * Names a process so that nobody mistakes another for it: a pid is soon given to somebody else, and after a restart of
 * the machine even the pair of pid and start time may come again, so the boot is part of the name. Where there is no
 * /proc the pid has to do.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** `pid-start-boot`, without characters that a file name cannot have. */
export function processIdentity(pid: number): string {
  const start = startOf(pid);
  return `${pid}-${start.kind === 'started' ? start.ticks : 0}-${bootId()}`;
}

export interface NamedProcess {
  readonly pid: number;
  readonly alive: boolean;
}

/** Undefined if `identity` is not what `processIdentity` returns. */
export function lookUpProcess(identity: string): NamedProcess | undefined {
  const pid = Number(/^(\d+)-\d+-[0-9a-f]*$/.exec(identity)?.[1]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, alive: isAlive(pid) && processIdentity(pid) === identity };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other refusal than "no such process" comes from one that lives.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  return startOf(pid).kind !== 'ended';
}

type Start = { readonly kind: 'started'; readonly ticks: string } | { readonly kind: 'ended' | 'unknown' };

/** From `/proc/<pid>/stat` (proc(5)): the third field is the state, the 22nd the start in clock ticks since boot. */
function startOf(pid: number): Start {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return { kind: 'unknown' };
  }
  // The second field, the program's name, may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has let go of everything; only its parent has not noticed.
  if (fields[0] === 'Z' || fields[0] === 'X') return { kind: 'ended' };
  const ticks = fields[19];
  return ticks === undefined ? { kind: 'unknown' } : { kind: 'started', ticks };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  } catch {
    return '';
  }
}
