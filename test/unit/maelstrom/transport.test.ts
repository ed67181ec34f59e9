import { describe, expect, it } from 'vitest';
import { parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { JsonObject } from '../../../src/maelstrom/json.js';
import { MaelstromTransport } from '../../../src/maelstrom/transport.js';

const [N1, N2, N3, N4] = ['n1', 'n2', 'n3', 'n4'].map(parseReplicaId) as [never, never, never, never];

function open() {
  const sent: { readonly dest: string; readonly body: JsonObject }[] = [];
  const send = (dest: string, body: JsonObject) => void sent.push({ dest, body });
  const transport = new MaelstromTransport({ self: N1, nodes: [N1, N2, N3], send });
  const received: Uint8Array[] = [];
  return { transport, sent, received };
}

describe('the transport over Maelstrom', () => {
  it('sends to one or to all others, never to itself or to a stranger', () => {
    const { transport, sent } = open();
    transport.send(N2, new Uint8Array([1]));
    transport.send(N1, new Uint8Array([2]));
    transport.send(N4, new Uint8Array([3]));
    transport.broadcast(new Uint8Array([4]));
    expect(sent.map(({ dest }) => dest)).toEqual(['n2', 'n2', 'n3']);
    expect(transport.status()).toEqual({ connected: true, description: 'maelstrom' });
  });

  it('hands over what another node sent, byte for byte, and nothing else', () => {
    const { transport, sent, received } = open();
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    transport.broadcast(bytes);
    const body = sent[0]?.body ?? {};
    expect(JSON.parse(JSON.stringify(body))).toEqual(body);
    expect(transport.receive('n2', body)).toBe(true);
    transport.onMessage((message) => received.push(message));
    expect(transport.receive('n2', body)).toBe(true);
    for (const from of ['n1', 'n4', 'c1']) expect(transport.receive(from, body)).toBe(false);
    for (const wrong of [{}, { bytes: 7 }, { bytes: 'A' }, { bytes: 'AA==' }]) {
      expect(transport.receive('n2', wrong)).toBe(false);
    }
    expect(received).toEqual([bytes]);
  });

  it('drops what is too large for the port', () => {
    const { transport, sent } = open();
    const largest = new Uint8Array(LIMITS.messageMaxBytes + 64 * 1024);
    transport.send(N2, new Uint8Array(largest.length + 1));
    expect(sent).toEqual([]);
    transport.send(N2, largest);
    expect(JSON.stringify(sent[0]).length).toBeLessThan(LIMITS.maelstromLineMaxBytes);
  });

  it('is silent when it is closed', async () => {
    const { transport, sent, received } = open();
    transport.onMessage((message) => received.push(message));
    transport.send(N2, new Uint8Array([1]));
    await transport.close();
    transport.broadcast(new Uint8Array([1]));
    transport.receive('n2', sent[0]?.body ?? {});
    expect([sent.length, received.length]).toEqual([1, 0]);
    expect(transport.status().connected).toBe(false);
  });
});
