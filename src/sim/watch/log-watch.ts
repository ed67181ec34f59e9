/**
 * The logs of all disks: what one index and term name is one entry everywhere, what is committed stays, one leader a term,
 * a leader has all that was committed before, and nothing is said before it is durable.
 */
import { utf8Encode } from '../../base/bytes.js';
import { crc32 } from '../../base/checksum.js';
import type { ReplicaId } from '../../base/ids.js';
import type { MemberId } from '../../consensus/configuration.js';
import type { Entry } from '../../consensus/entry.js';
import type { Message } from '../../consensus/messages.js';
import type { StorageWrite } from '../../ports/storage.js';
import {
  BASE_KEY,
  decodeBase,
  decodeHead,
  decodeRecord,
  ENTRIES_FROM,
  entryKey,
  HEAD_KEY,
  indexOfKey,
} from '../../replica/order/raft-rows.js';
import type { SimDisk } from '../world/disk.js';

interface Committed {
  readonly term: number;
  readonly contents: number;
}

export class LogWatch {
  /** By index and term: a checksum of the entry. */
  readonly #entries = new Map<string, number>();
  readonly #committed = new Map<number, Committed>();
  readonly #leaders = new Map<number, MemberId>();
  readonly #fail: (rule: string, sentence: string) => void;
  #maxCommit = 0;

  constructor(fail: (rule: string, sentence: string) => void) {
    this.#fail = fail;
  }

  /** Terms that had a leader. */
  get elections(): number {
    return this.#leaders.size;
  }

  get maxCommit(): number {
    return this.#maxCommit;
  }

  /** The rows of a log have changed. */
  written(id: ReplicaId, disk: SimDisk, writes: readonly StorageWrite[], commit: number): void {
    for (const write of writes) {
      if (write.table !== 'log' || write.kind !== 'put' || write.key[0] !== ENTRIES_FROM[0]) continue;
      const index = indexOfKey(write.key);
      const { entry } = decodeRecord(index, write.value);
      const name = `${index}/${entry.term}`;
      const contents = contentsOf(entry);
      const known = this.#entries.get(name);
      this.#entries.set(name, contents);
      if (known !== undefined && known !== contents)
        this.#fail('logs-match', `entry ${name} at ${id} is another elsewhere`);
    }
    for (let index = commit; index > 0; index -= 1) {
      const entry = entryAt(disk, index);
      // Behind the beginning of the log, or what was compared already.
      if (entry === undefined || !this.#isNewlyCommitted(id, index, entry)) break;
    }
    this.#maxCommit = Math.max(this.#maxCommit, commit);
  }

  /** A message leaves: what it says must be durable. */
  sent(id: ReplicaId, disk: SimDisk, message: Message): void {
    if (message.kind === 'append' || message.kind === 'heartbeat' || message.kind === 'commit-news')
      this.#led(id, disk, message.from, message.term);
    else if (message.kind === 'vote-request') this.#promised(id, disk, message.term, message.from);
    else if (message.kind === 'vote-answer' && message.granted) this.#promised(id, disk, message.term, message.to);
    else if (message.kind === 'append-accepted') {
      const head = headOf(disk);
      const isDurable = head !== undefined && head.lastIndex >= message.matched && head.hardState.term >= message.term;
      if (!isDurable)
        this.#fail('durable-before-said', `${id} accepted entry ${message.matched} before it was durable`);
    }
  }

  /** Entry `index` was acknowledged. Returns on how many of the disks it is, and takes it for committed. */
  acknowledged(index: number, disks: readonly SimDisk[]): number {
    let most = 0;
    const copies = new Map<number, number>();
    for (const disk of disks) {
      const entry = entryAt(disk, index);
      if (entry === undefined) {
        if (isBehindLog(disk, index)) return disks.length;
        continue;
      }
      const count = (copies.get(entry.contents) ?? 0) + 1;
      copies.set(entry.contents, count);
      if (count > most) most = count;
      if (2 * count > disks.length && !this.#committed.has(index)) this.#committed.set(index, entry);
    }
    return most;
  }

  #isNewlyCommitted(id: ReplicaId, index: number, entry: Committed): boolean {
    const known = this.#committed.get(index);
    if (known === undefined) {
      this.#committed.set(index, entry);
      return true;
    }
    if (known.term !== entry.term || known.contents !== entry.contents) {
      this.#fail(
        'committed-stays',
        `${id} has committed entry ${index} of term ${entry.term}, others of ${known.term}`,
      );
    }
    return false;
  }

  #led(id: ReplicaId, disk: SimDisk, leader: MemberId, term: number): void {
    const known = this.#leaders.get(term);
    if (known === leader) return;
    if (known !== undefined) {
      this.#fail('one-leader-a-term', `${known} and ${leader} both lead in term ${term}`);
      return;
    }
    this.#leaders.set(term, leader);
    for (const [index, committed] of this.#committed) {
      const entry = entryAt(disk, index);
      if (committed.term >= term || entry?.term === committed.term) continue;
      if (entry === undefined && isBehindLog(disk, index)) continue;
      this.#fail('leaders-are-complete', `${id} leads in term ${term} and lacks the committed entry ${index}`);
    }
  }

  #promised(id: ReplicaId, disk: SimDisk, term: number, candidate: MemberId): void {
    const state = headOf(disk)?.hardState;
    const isDurable =
      state !== undefined && (state.term > term || (state.term === term && state.votedFor === candidate));
    if (!isDurable)
      this.#fail('durable-before-said', `${id} voted for ${candidate} in term ${term} before it was durable`);
  }
}

function headOf(disk: SimDisk) {
  const stored = disk.tables.log.get(HEAD_KEY);
  return stored === undefined ? undefined : decodeHead(stored);
}

function entryAt(disk: SimDisk, index: number): Committed | undefined {
  const stored = disk.tables.log.get(entryKey(index));
  if (stored === undefined) return undefined;
  const { entry } = decodeRecord(index, stored);
  return { term: entry.term, contents: contentsOf(entry) };
}

/** The entry was dropped from the beginning of the log, or never was in it because a copy of the state took its place. */
function isBehindLog(disk: SimDisk, index: number): boolean {
  const stored = disk.tables.log.get(BASE_KEY);
  return stored !== undefined && decodeBase(stored).index >= index;
}

/** A checksum: the same for the same entry, wherever it lies. */
function contentsOf(entry: Entry): number {
  if (entry.kind === 'command') return crc32(entry.bytes, entry.term);
  return crc32(utf8Encode(JSON.stringify(entry)), entry.term);
}
