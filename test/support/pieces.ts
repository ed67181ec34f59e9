/** Bytes as a network delivers them: in pieces that know nothing of messages. */
import type { Decoder } from '../../bench/load/client-socket.js';

/** Every reply that `decoder` finds in `bytes` when they arrive in two pieces, cut at `cut`, and everything it sends back. */
export function decodeInPieces<Reply>(decoder: Decoder<Reply>, bytes: Buffer, cut: number) {
  const replies: Reply[] = [];
  const sent: Uint8Array[] = [];
  let received = Buffer.alloc(0);
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    received = Buffer.concat([received, piece]);
    for (;;) {
      const decoded = received.length === 0 ? undefined : decoder.decode(received);
      if (decoded === undefined) break;
      received = received.subarray(decoded.length);
      if (decoded.reply !== undefined) replies.push(decoded.reply);
      if (decoded.respond !== undefined) sent.push(decoded.respond);
    }
  }
  return { replies, sent, left: received.length };
}

/** Every place where `bytes` can be cut in two, none and all included. */
export function cutsOf(bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length + 1 }, (_, cut) => cut);
}
