/** Messages of Maelstrom's protocol, one JSON object a line. Source: its `doc/protocol.md`. */
import { LIMITS } from '../base/limits.js';
import { isDeeperThan, isObject, type Json, type JsonObject, parseJson } from './json.js';
import { PROTOCOL_ERRORS, type ProtocolError } from './protocol-error.js';

export interface Message {
  readonly src: string;
  readonly dest: string;
  readonly type: string;
  /** What an answer names; undefined if none is wanted. */
  readonly msgId: number | undefined;
  /** This is an answer to something. */
  readonly isReply: boolean;
  readonly body: JsonObject;
}

export type ParsedLine =
  | { readonly kind: 'message'; readonly message: Message }
  /** `sender` is told, if it is known who that is and under which number it asked. */
  | { readonly kind: 'malformed'; readonly reason: string; readonly sender: Sender | undefined };

/** Who waits for an answer. */
export interface Sender {
  readonly src: string;
  readonly dest: string;
  readonly msgId: number;
}

export function parseLine(line: string): ParsedLine {
  let whole: Json;
  try {
    whole = parseJson(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return malformed('the line is not JSON');
  }
  if (!isObject(whole)) return malformed('the message is not an object');
  const { src, dest, body } = whole;
  if (typeof src !== 'string' || typeof dest !== 'string') return malformed('src and dest must be strings');
  if (!isObject(body)) return malformed('the body is not an object');
  const { type, msg_id: msgId, in_reply_to: inReplyTo } = body;
  if (msgId !== undefined && !isMessageId(msgId)) return malformed('msg_id must be an integer');
  const sender = msgId === undefined ? undefined : { src, dest, msgId };
  if (typeof type !== 'string') return malformed('the body has no type', sender);
  if (isDeeperThan(body, LIMITS.maelstromNestingMax)) return malformed('the body is nested too deep', sender);
  return { kind: 'message', message: { src, dest, type, msgId, isReply: inReplyTo !== undefined, body } };
}

export function formatMessage(src: string, dest: string, body: JsonObject): string {
  return `${JSON.stringify({ src, dest, body })}\n`;
}

export function errorBody(error: ProtocolError, inReplyTo: number): JsonObject {
  const { code } = PROTOCOL_ERRORS[error.error];
  return { type: 'error', in_reply_to: inReplyTo, code, text: error.message };
}

function malformed(reason: string, sender?: Sender): ParsedLine {
  return { kind: 'malformed', reason, sender };
}

function isMessageId(value: Json): value is number {
  return Number.isSafeInteger(value);
}
