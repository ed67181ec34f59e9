/** The lines of a stream of text, none of which can take more memory than is allowed. */
import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;

/**
 * Lines without their ends; the last one need not have any. One of more than `maxBytes` is left out, and `tooLong` is told
 * how long it was. A stream that is destroyed has ended.
 */
export async function* linesOf(
  stream: Readable,
  maxBytes: number,
  tooLong: (bytes: number) => void,
): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (): string | undefined => {
    const line = bytes <= maxBytes ? Buffer.concat(parts).toString('utf8') : undefined;
    if (line === undefined) tooLong(bytes);
    parts = [];
    bytes = 0;
    return line;
  };
  const add = (part: Buffer): void => {
    bytes += part.length;
    if (bytes <= maxBytes) parts.push(part);
    else parts = [];
  };
  for await (const chunk of chunksOf(stream)) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, to));
      from = to + 1;
      const line = take();
      if (line !== undefined) yield line;
    }
    add(chunk.subarray(from));
  }
  const rest = bytes > 0 ? take() : undefined;
  if (rest !== undefined) yield rest;
}

async function* chunksOf(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield Buffer.from(chunk as Uint8Array);
  } catch (error) {
    if (!stream.destroyed || !isPrematureClose(error)) throw error;
  }
}

/** What iterating over a stream throws when somebody else destroyed it. */
function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
