/** `causeway maelstrom`: one node of a Maelstrom test, from the first line of standard input to its end. */
import { join } from 'node:path';
import { openDataDirectory } from '../../adapters/data-directory.js';
import { openJournalStorage } from '../../adapters/journal-storage.js';
import { openMemoryStorage } from '../../adapters/memory-storage.js';
import { createSystemRandom } from '../../adapters/system-random.js';
import { createSystemTime } from '../../adapters/system-time.js';
import type { ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { MaelstromNode } from '../../maelstrom/node.js';
import type { WorkloadName } from '../../maelstrom/workload-names.js';
import type { Storage } from '../../ports/storage.js';
import type { TraceLevel } from '../../ports/trace.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { endOnErrors } from '../fatal.js';
import { linesOf } from '../input-lines.js';
import { stopSignal } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { logTo } from '../trace-log.js';

export interface MaelstromOptions {
  readonly data?: string;
  readonly workload?: WorkloadName;
  readonly logLevel: TraceLevel;
}

export async function maelstrom(terminal: Terminal, options: MaelstromOptions): Promise<ExitCode> {
  const stop = stopSignal();
  const trace = logTo(terminal.err, 'text', options.logLevel);
  const die = endOnErrors(terminal, trace, 'node.crashed');
  const disk = diskBelow(options.data);
  const node = new MaelstromNode({
    write: terminal.out,
    openStorage: disk.open,
    workload: options.workload,
    time: createSystemTime(),
    random: createSystemRandom(),
    trace,
    onFatal: die,
  });
  stop.addEventListener('abort', () => process.stdin.destroy(), { once: true });
  const tooLong = (bytes: number) => trace({ name: 'maelstrom.line-dropped', level: 'warn', facts: { bytes } });
  for await (const line of linesOf(process.stdin, LIMITS.maelstromLineMaxBytes, tooLong)) node.receive(line);
  await node.close();
  await disk.close();
  return EXIT.ok;
}

interface Disk {
  open(id: ReplicaId): Promise<Storage>;
  close(): Promise<void>;
}

/** A folder for each node, as all nodes of a test are started with the same arguments; memory if there is no `folder`. */
function diskBelow(folder: string | undefined): Disk {
  let release: () => Promise<void> = () => Promise.resolve();
  return {
    async open(id) {
      if (folder === undefined) return openMemoryStorage();
      const { path, close } = await openDataDirectory(join(folder, id));
      release = close;
      return openJournalStorage({ directory: path });
    },
    close: () => release(),
  };
}
