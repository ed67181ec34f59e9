/** Processor time of whole families of processes, as Linux counts it: what servers use, whatever else runs. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of /proc/<pid>/stat; always 100 where Node.js runs. */
const TICKS_PER_SECOND = 100;

interface ProcessTime {
  readonly parent: number;
  readonly seconds: number;
}

/**
 * Seconds that all living descendants of `ancestor` have used, those of `except` and its descendants left out. 0 where
 * there is no /proc.
 */
export function familySeconds(ancestor: number, except: number): number {
  const times = allTimes();
  const belongs = (pid: number): boolean => {
    if (pid === except) return false;
    const parent = times.get(pid)?.parent;
    return parent !== undefined && (parent === ancestor || belongs(parent));
  };
  return [...times].reduce((sum, [pid, { seconds }]) => sum + (belongs(pid) ? seconds : 0), 0);
}

function allTimes(): ReadonlyMap<number, ProcessTime> {
  const times = new Map<number, ProcessTime>();
  for (const pid of processIds()) {
    const time = timeOf(pid);
    if (time !== undefined) times.set(pid, time);
  }
  return times;
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isSafeInteger);
  } catch {
    return [];
  }
}

/** Undefined for a process that has just ended. The second field, a name, may hold anything up to the last bracket. */
function timeOf(pid: number): ProcessTime | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number) as [number, number, number];
    return { parent, seconds: (user + system) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}
