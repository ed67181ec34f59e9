/**
 * Looks at an LMDB file before LMDB does. LMDB trusts its file: a damaged or cut one kills the process with a signal
 * instead of an error. So both meta pages and every branch page are read here, which is about one page in a hundred,
 * and each page they point at must lie inside the file. The format is that of lmdb-js (data version 2, little-endian):
 * `MDB_page_header`, `MDB_meta`, `MDB_db` and `MDB_node` in its mdb.c.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CausewayError } from '../base/errors.js';

const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const HEADER_BYTES = 24;
const META_BYTES = 144;
const DATABASE_BYTES = 48;
const NODE_HEADER_BYTES = 8;
const PAGE_MIN_BYTES = 512;
const PAGE_MAX_BYTES = 65_536;
const BRANCH = 0x01;
const LEAF = 0x02;
const META = 0x08;
/** Node flag: the value is the record of a named database. */
const NAMED_DATABASE = 0x02;
/** The root of an empty tree. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

interface Tree {
  readonly depth: number;
  readonly root: bigint;
}

interface Meta {
  readonly pageBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly transaction: bigint;
}

/** A file that is absent or empty is a new one. @throws CausewayError `data-dir-corrupt` */
export function checkLmdbFile(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw new CausewayError('data-dir-corrupt', `${path} is damaged: it is not a file.`);
    if (found.size > 0) new LmdbFile(fd, path, found.size).check();
  } finally {
    closeSync(fd);
  }
}

class LmdbFile {
  readonly #fd: number;
  readonly #path: string;
  readonly #bytes: number;
  #pageBytes = PAGE_MIN_BYTES;

  constructor(fd: number, path: string, bytes: number) {
    this.#fd = fd;
    this.#path = path;
    this.#bytes = bytes;
  }

  check(): void {
    const first = this.#meta(0);
    this.#pageBytes = first.pageBytes;
    const second = this.#meta(first.pageBytes);
    if (second.pageBytes !== first.pageBytes) this.#refuse('its two meta pages disagree');
    const newest = first.transaction >= second.transaction ? first : second;
    this.#walk(newest.free);
    this.#walk(newest.main);
    for (const tree of this.#namedDatabases(newest.main)) this.#walk(tree);
  }

  #meta(offset: number): Meta {
    const page = this.#read(offset, HEADER_BYTES + META_BYTES);
    const at = HEADER_BYTES;
    const pageBytes = page.getUint32(at + 24, true);
    if (page.getUint32(at, true) !== MAGIC) this.#refuse(`byte ${offset} does not begin a meta page of LMDB`);
    const version = page.getUint32(at + 4, true) & 0xffff;
    if (version !== DATA_VERSION) this.#refuse(`it has data version ${version} instead of ${DATA_VERSION}`);
    if ((flagsOf(page) & META) === 0) this.#refuse(`the page at byte ${offset} is not a meta page`);
    const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
    if (!isPowerOfTwo || pageBytes < PAGE_MIN_BYTES || pageBytes > PAGE_MAX_BYTES) {
      this.#refuse(`a page size of ${pageBytes} bytes is impossible`);
    }
    return {
      pageBytes,
      free: treeAt(page, at + 24),
      main: treeAt(page, at + 24 + DATABASE_BYTES),
      transaction: page.getBigUint64(at + 128, true),
    };
  }

  /** Reads every branch page of a tree; of leaf pages, that they are inside the file. */
  #walk(tree: Tree): void {
    if (tree.root === NO_PAGE) return;
    let level: readonly bigint[] = [tree.root];
    for (let depth = tree.depth; depth > 1; depth -= 1) {
      const below: bigint[] = [];
      for (const number of level) {
        const page = this.#page(number, BRANCH);
        for (const node of this.#nodes(page, number)) below.push(childOf(page, node));
      }
      level = below;
    }
    for (const number of level) this.#offsetOf(number);
    if (tree.depth === 1) this.#page(tree.root, LEAF);
  }

  /** The main tree lists a handful of databases in one leaf. */
  #namedDatabases(main: Tree): Tree[] {
    if (main.root === NO_PAGE || main.depth !== 1) return [];
    const trees: Tree[] = [];
    const page = this.#page(main.root, LEAF);
    for (const node of this.#nodes(page, main.root)) {
      const record = node + NODE_HEADER_BYTES + page.getUint16(node + 6, true);
      if ((page.getUint16(node + 4, true) & NAMED_DATABASE) === 0) continue;
      if (record + DATABASE_BYTES > page.byteLength) this.#refuse(`page ${main.root} is damaged`);
      trees.push(treeAt(page, record));
    }
    return trees;
  }

  /** Offsets of the nodes of a page. */
  #nodes(page: DataView, number: bigint): number[] {
    const count = page.getUint16(20, true) >> 1;
    const offsets: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const pointer = HEADER_BYTES + 2 * i;
      const offset = pointer + 2 <= page.byteLength ? HEADER_BYTES + page.getUint16(pointer, true) : page.byteLength;
      if (offset + NODE_HEADER_BYTES > page.byteLength) this.#refuse(`page ${number} is damaged`);
      offsets.push(offset);
    }
    return offsets;
  }

  #page(number: bigint, kind: number): DataView {
    const page = this.#read(this.#offsetOf(number), this.#pageBytes);
    if (page.getBigUint64(0, true) !== number || (flagsOf(page) & kind) === 0) {
      this.#refuse(`page ${number} is not what the page above it says`);
    }
    return page;
  }

  #offsetOf(number: bigint): number {
    const end = (number + 1n) * BigInt(this.#pageBytes);
    if (end > BigInt(this.#bytes)) this.#refuse(`it has ${this.#bytes} bytes, but page ${number} ends at byte ${end}`);
    return Number(end) - this.#pageBytes;
  }

  #read(offset: number, length: number): DataView {
    const bytes = new Uint8Array(length);
    const got = readSync(this.#fd, bytes, 0, length, offset);
    if (got !== length) this.#refuse(`it ends at byte ${offset + got}, in the middle of a page`);
    return new DataView(bytes.buffer);
  }

  #refuse(why: string): never {
    throw new CausewayError('data-dir-corrupt', `${this.#path} is damaged: ${why}.`);
  }
}

function flagsOf(page: DataView): number {
  return page.getUint16(18, true);
}

function treeAt(view: DataView, offset: number): Tree {
  return { depth: view.getUint16(offset + 6, true), root: view.getBigUint64(offset + 40, true) };
}

/** The page a branch node points to: 48 bits, in three parts. */
function childOf(page: DataView, node: number): bigint {
  const low = page.getUint16(node, true) + page.getUint16(node + 2, true) * 0x1_0000;
  return (BigInt(page.getUint16(node + 4, true)) << 32n) | BigInt(low);
}
