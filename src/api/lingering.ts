/**
 * Reading on after a refusal. A connection that is closed while its peer still sends is reset by the kernel, and the
 * reset overtakes the answer: the client would see a broken connection instead of the reason.
 */
import type { IncomingMessage } from 'node:http';

const LINGER_MAX_BYTES = 16 * 1024 * 1024;
const LINGER_MAX_MS = 2_000;

/** Calls `answer` once the rest of the body is read and dropped, or when it has been too much or taken too long. */
export function afterBody(request: IncomingMessage, answer: () => void): void {
  if (request.complete || request.destroyed) {
    answer();
    return;
  }
  let dropped = 0;
  const finish = (): void => {
    clearTimeout(timer);
    request.off('data', onData).off('end', finish).off('close', finish).off('error', finish);
    // Whoever goes on sending after the answer must not find nobody listening for the error.
    request.on('error', () => {});
    answer();
  };
  const onData = (chunk: Uint8Array): void => {
    dropped += chunk.length;
    if (dropped > LINGER_MAX_BYTES) finish();
  };
  const timer = setTimeout(finish, LINGER_MAX_MS);
  request.on('data', onData).on('end', finish).on('close', finish).on('error', finish).resume();
}
