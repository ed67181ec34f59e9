/** What a measurement was made on. Numbers of different machines, or of a busy one, are not to be compared. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface MachineFacts {
  readonly date: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Processes that wanted to run in the last minute, before the measurement began. */
  readonly load: number;
}

export interface DiskFacts {
  /** As Linux names it; a number where the name is not known here. */
  readonly fileSystem: string;
  /** Median time to append 4 KiB and make it durable. */
  readonly syncUs: number;
}

const SYNCS = 200;
const PAGE = new Uint8Array(4_096);
/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
  16914836: 'tmpfs',
};

export function machineFacts(): MachineFacts {
  return {
    date: new Date().toISOString(),
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Number((totalmem() / 2 ** 30).toFixed(1)),
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** Of the disk that holds `folder`: how long a durable write waits decides what every system here can do. */
export function diskFacts(folder: string): DiskFacts {
  const { type } = statfsSync(folder);
  const scratch = mkdtempSync(join(folder, 'sync-'));
  const file = openSync(join(scratch, 'file'), 'w');
  try {
    const times = Array.from({ length: SYNCS }, () => {
      const startedMs = performance.now();
      writeSync(file, PAGE);
      fdatasyncSync(file);
      return (performance.now() - startedMs) * 1_000;
    });
    const syncUs = Math.round(times.sort((a, b) => a - b)[SYNCS / 2] ?? 0);
    return { fileSystem: FILE_SYSTEMS[type] ?? String(type), syncUs };
  } finally {
    closeSync(file);
    rmSync(scratch, { recursive: true });
  }
}
