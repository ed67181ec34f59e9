/**
 * A refusal as a value: what a state machine decides against a request. It maps to an error of the registry, and it can
 * be stored, because a retry of the request must get the same answer.
 */
import { type ByteReader, type ByteWriter, DecodeError } from './bytes.js';
import { ERRORS, type ErrorCode } from './errors.js';

export interface Refusal {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  /** A sentence for people. */
  readonly detail: string;
  readonly facts: RefusalFacts;
}

export interface RefusalFacts {
  /** Entity tag of what is there; `null` = nothing is. */
  readonly etag?: string | null;
  /** Who has what was asked for: the owner of a claim or lock, the key that holds a unique value. */
  readonly owner?: string;
  /** Keys that stand in the way, the first few. */
  readonly keys?: readonly string[];
}

export function refusal(code: ErrorCode, detail: string, facts: RefusalFacts = {}): Refusal {
  return { kind: 'refused', code, detail, facts };
}

const HAS_ETAG = 1;
const NO_ETAG = 2;
const HAS_OWNER = 4;
const HAS_KEYS = 8;
const TEXT_MAX_BYTES = 16 * 1024;

export function encodeRefusal(writer: ByteWriter, { code, detail, facts }: Refusal): void {
  const { etag, owner, keys } = facts;
  const tagged = etag === undefined ? 0 : etag === null ? NO_ETAG : HAS_ETAG;
  writer.string(code).string(detail);
  writer.u8(tagged | (owner === undefined ? 0 : HAS_OWNER) | (keys === undefined ? 0 : HAS_KEYS));
  if (typeof etag === 'string') writer.string(etag);
  if (owner !== undefined) writer.string(owner);
  if (keys !== undefined) {
    writer.varuint(keys.length);
    for (const key of keys) writer.string(key);
  }
}

/** @throws DecodeError on anything `encodeRefusal` would not write. */
export function decodeRefusal(reader: ByteReader): Refusal {
  const code = reader.string(64);
  if (!isErrorCode(code)) throw new DecodeError(`unknown error code ${JSON.stringify(code)}`);
  const detail = reader.string(TEXT_MAX_BYTES);
  const flags = reader.u8();
  if (flags > 15 || (flags & 3) === 3) throw new DecodeError(`unknown facts ${flags}`);
  const facts: RefusalFacts = {
    ...((flags & HAS_ETAG) !== 0 && { etag: reader.string(TEXT_MAX_BYTES) }),
    ...((flags & NO_ETAG) !== 0 && { etag: null }),
    ...((flags & HAS_OWNER) !== 0 && { owner: reader.string(TEXT_MAX_BYTES) }),
    ...((flags & HAS_KEYS) !== 0 && { keys: decodeKeys(reader) }),
  };
  return { kind: 'refused', code, detail, facts };
}

function decodeKeys(reader: ByteReader): readonly string[] {
  return Array.from({ length: reader.count() }, () => reader.string(TEXT_MAX_BYTES));
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
