/** One connection that brings events: opened like any other request, read until it ends, falls silent or is left. */
import { type ApiRequest, type AttemptTerms, type Breakdown, type Reply, replyOf, send, within } from './attempt.js';
import { perform } from './call.js';
import type { ClientCore, TokenMemory } from './core.js';
import { EventStreamParser, type ServerEvent } from './event-stream.js';
import type { Runtime } from './runtime.js';
import type { CallOptions } from './types.js';

/** An open stream of events. */
export interface EventSource {
  readonly reply: Reply;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Opens the stream at the first replica that will, within the time of a call.
 * @throws CausewayClientError, or the reason of the signal
 */
export async function openEvents(
  core: ClientCore,
  request: ApiRequest,
  options: CallOptions,
  memory: TokenMemory,
): Promise<EventSource> {
  let body: ReadableStream<Uint8Array> | null = null;
  const attemptOnce = (runtime: Runtime, asked: ApiRequest, terms: AttemptTerms): Promise<Reply | Breakdown> =>
    within<Reply>(terms, async (signal) => {
      const response = await send(runtime, asked, terms, signal);
      if (!response.ok) return await replyOf(response, asked, terms);
      body = response.body;
      const { status, headers } = response;
      return { kind: 'reply', url: terms.url, request: asked, status, headers, bytes: new Uint8Array(0) };
    });
  const reply = await perform(core, request, options, memory, attemptOnce);
  return { reply, body: body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() }) };
}

/**
 * The events until the stream ends or breaks, or nothing came for `silenceMs`: replicas send a comment every now and
 * then. Leaving the loop closes the connection.
 * @throws the reason of the signal
 */
export async function* eventsOf(
  { body }: EventSource,
  silenceMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = body.getReader();
  const parser = new EventStreamParser();
  const close = (): void => void reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', close, { once: true });
  try {
    while (parser.pendingChars <= EVENT_MAX_CHARS) {
      signal?.throwIfAborted();
      const bytes = await nextChunk(reader, silenceMs, close);
      signal?.throwIfAborted();
      if (bytes === undefined) return;
      yield* parser.push(bytes);
    }
  } finally {
    signal?.removeEventListener('abort', close);
    close();
  }
}

/** An event longer than this is none of a replica's. */
const EVENT_MAX_CHARS = 4 * 1024 * 1024;

/** Undefined at the end, however it came. */
async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  silenceMs: number,
  close: () => void,
): Promise<Uint8Array | undefined> {
  const timer = setTimeout(close, silenceMs);
  try {
    const { value } = await reader.read();
    return value;
  } catch {
    // A connection that broke ends the stream like one that was closed; the caller opens the next.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
