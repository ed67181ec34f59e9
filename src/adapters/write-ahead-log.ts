/**
 * A log in two segments that take turns: while one is written, what the other holds goes into the store, and then it is
 * written anew from its start. Space is allocated in chunks, in the same write as the record that needs it; in a segment
 * that is written again there is nothing to allocate, so that a sync has nothing to do but write the bytes.
 */
import type { StorageWrite } from '../ports/storage.js';
import { type LogFile, type LogFiles, SEGMENT_NAMES, type SegmentName } from './wal-files.js';
import { encodeSegmentHeader, type LogId, LogRecordEncoder, SEGMENT_HEADER_BYTES } from './wal-records.js';
import type { RecoveredLog } from './wal-recovery.js';

const CHUNK_MAX_BYTES = 1024 * 1024;

interface Segment {
  readonly path: string;
  readonly file: LogFile;
  /** Of the file. */
  bytes: number;
}

export class WriteAheadLog {
  readonly id: LogId;
  readonly #encoder: LogRecordEncoder;
  readonly #segments: readonly [Segment, Segment];
  readonly #chunkBytes: number;
  /** A segment that has grown beyond this is cut back to it. */
  readonly #keptBytes: number;
  #active: Segment;
  /** Where the next record goes. */
  #at = SEGMENT_HEADER_BYTES;
  #sequence: number;

  private constructor(
    id: LogId,
    segments: readonly [Segment, Segment],
    first: 0 | 1,
    sequence: number,
    segmentBytes: number,
  ) {
    this.id = id;
    this.#encoder = new LogRecordEncoder(id);
    this.#segments = segments;
    this.#active = segments[first];
    this.#sequence = sequence;
    this.#chunkBytes = Math.min(CHUNK_MAX_BYTES, segmentBytes);
    this.#keptBytes = this.#chunksUpTo(SEGMENT_HEADER_BYTES + segmentBytes);
  }

  /** A new log; both files are durable before anything says that they exist. */
  static async create(files: LogFiles, id: LogId, segmentBytes: number): Promise<WriteAheadLog> {
    await files.create(SEGMENT_NAMES, encodeSegmentHeader(id));
    const segments = await openSegments(files, () => SEGMENT_HEADER_BYTES);
    return new WriteAheadLog(id, segments, 0, 0, segmentBytes);
  }

  /** Goes on behind what was recovered, all of which the store has by now. */
  static async resume(
    files: LogFiles,
    id: LogId,
    { bytes, next, sequence }: RecoveredLog,
    segmentBytes: number,
  ): Promise<WriteAheadLog> {
    const segments = await openSegments(files, (name) => bytes[name]);
    return new WriteAheadLog(id, segments, next === 'wal-0' ? 0 : 1, sequence, segmentBytes);
  }

  /** Number of the last durable record. */
  get sequence(): number {
    return this.#sequence;
  }

  /** What the segment in use holds. */
  get activeBytes(): number {
    return this.#at - SEGMENT_HEADER_BYTES;
  }

  get sizeBytes(): number {
    return this.#segments[0].bytes + this.#segments[1].bytes;
  }

  /** The file that is written, for what an error says. */
  get path(): string {
    return this.#active.path;
  }

  /** Durable when it settles. One call at a time; after a failed one the log is not used again. */
  async append(writes: readonly StorageWrite[]): Promise<void> {
    const segment = this.#active;
    // Whatever made it so long is in the store, and need not be kept for ever.
    if (this.#at === SEGMENT_HEADER_BYTES && segment.bytes > this.#keptBytes) await this.#shorten(segment);
    const record = this.#encoder.encode(this.#sequence + 1, writes);
    const end = this.#at + record.length;
    const isAllocated = end <= segment.bytes;
    const bytes = isAllocated ? record : withZeros(record, this.#chunksUpTo(end) - this.#at);
    await segment.file.write(bytes, this.#at);
    segment.bytes = Math.max(segment.bytes, this.#at + bytes.length);
    this.#at = end;
    this.#sequence += 1;
  }

  /** The other segment takes over: the store has everything that was in it. */
  rotate(): void {
    const [first, second] = this.#segments;
    this.#active = this.#active === first ? second : first;
    this.#at = SEGMENT_HEADER_BYTES;
  }

  async close(): Promise<void> {
    for (const { file } of this.#segments) await file.close();
  }

  #chunksUpTo(position: number): number {
    return Math.ceil(position / this.#chunkBytes) * this.#chunkBytes;
  }

  async #shorten(segment: Segment): Promise<void> {
    await segment.file.truncate(this.#keptBytes);
    segment.bytes = this.#keptBytes;
  }
}

async function openSegments(files: LogFiles, bytesOf: (name: SegmentName) => number): Promise<[Segment, Segment]> {
  const open = async (name: SegmentName): Promise<Segment> => {
    return { path: files.pathOf(name), file: await files.open(name), bytes: bytesOf(name) };
  };
  return [await open('wal-0'), await open('wal-1')];
}

function withZeros(record: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(record);
  return bytes;
}
