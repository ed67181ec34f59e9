/**
 * What a write-ahead log holds beyond what its store has. A record is written only when the one before is durable, so a
 * crash can leave at most the last one unfinished: it was never acknowledged, and is dropped. Every other fault (a record
 * that is damaged and has a whole one behind it, a record that is missing, files of different stores or times put together)
 * would lose what was acknowledged, and is refused.
 */
import { CausewayError } from '../base/errors.js';
import type { StorageWrite } from '../ports/storage.js';
import { type LogFiles, SEGMENT_NAMES, type SegmentName } from './wal-files.js';
import {
  checkSegmentHeader,
  decodeLogRecord,
  type LogId,
  type LogMark,
  type LogRecord,
  SEGMENT_HEADER_BYTES,
  SegmentReader,
} from './wal-records.js';

export interface RecoveredLog {
  /** Of each record that the store does not have, in order. */
  readonly batches: readonly (readonly StorageWrite[])[];
  /** The last whole record. */
  readonly sequence: number;
  /** The segment to go on with: not the one that holds the last record, which must stay to be found. */
  readonly next: SegmentName;
  /** Sizes of the files. */
  readonly bytes: Readonly<Record<SegmentName, number>>;
}

interface Segment {
  readonly name: SegmentName;
  readonly path: string;
  readonly bytes: number;
  readonly reader: SegmentReader;
  readonly run: readonly LogRecord[];
}

/** @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format` */
export async function recoverLog(files: LogFiles, mark: LogMark): Promise<RecoveredLog> {
  const segments: Segment[] = [];
  for (const name of SEGMENT_NAMES) segments.push(await readSegment(files, name, mark.id));
  const batches: StorageWrite[][] = [];
  let sequence = mark.sequence;
  // Whichever segment the chain begins in, it changes over to the other at most once.
  for (const { run, path } of [...segments, ...segments]) {
    for (const record of run) {
      if (record.sequence !== sequence + 1) continue;
      batches.push(decodeLogRecord(record, path));
      sequence += 1;
    }
  }
  for (const segment of segments) refuseLost(segment, sequence);
  const last = segments.find(({ run }) => run.some((record) => record.sequence === sequence));
  if (last === undefined && sequence > 0) {
    throw damaged(files.pathOf('wal-0'), `neither it nor the other segment has record ${sequence}, which was written`);
  }
  return {
    batches,
    sequence,
    next: last?.name === 'wal-0' ? 'wal-1' : 'wal-0',
    bytes: Object.fromEntries(segments.map(({ name, bytes }) => [name, bytes])) as Record<SegmentName, number>,
  };
}

/**
 * A store without a mark has no log yet. Files with nothing but headers are what a crash left of a beginning.
 * @throws CausewayError `data-dir-corrupt`
 */
export async function refuseLogWithoutStore(files: LogFiles): Promise<void> {
  for (const name of SEGMENT_NAMES) {
    const bytes = await files.read(name);
    if (bytes === undefined || bytes.length <= SEGMENT_HEADER_BYTES) continue;
    throw damaged(files.pathOf(name), 'it has records, but the store beside it knows of no log');
  }
}

async function readSegment(files: LogFiles, name: SegmentName, id: LogId): Promise<Segment> {
  const path = files.pathOf(name);
  const bytes = await files.read(name);
  if (bytes === undefined) throw damaged(path, 'it is missing, and the store beside it has a log');
  checkSegmentHeader(bytes, id, path);
  const reader = new SegmentReader(bytes, id);
  return { name, path, bytes: bytes.length, reader, run: reader.run() };
}

/** `sequence` is where the chain of whole records ends: nothing whole may come after it. */
function refuseLost({ path, reader, run }: Segment, sequence: number): void {
  const end = run.at(-1)?.end ?? SEGMENT_HEADER_BYTES;
  const later = run.find((record) => record.sequence > sequence) ?? reader.findFrom(end, sequence + 1);
  if (later === undefined) return;
  throw damaged(path, `record ${sequence + 1} is damaged or missing, and record ${later.sequence} is there`);
}

function damaged(path: string, why: string): CausewayError {
  return new CausewayError('data-dir-corrupt', `${path} is damaged: ${why}.`);
}
