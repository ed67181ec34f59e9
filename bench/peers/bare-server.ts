/**
 * Node.js with nothing behind it: reads as little of a request as it can, keeps nothing, and answers every one with the
 * same bytes that Causeway would. What it costs is what no server written for Node.js can go below.
 */
import { createServer } from 'node:net';
import { valueOfSize } from '../load/operations.js';

const [, , port = '', valueBytes = ''] = process.argv;
const HEAD_END = '\r\n\r\n';
const value = Buffer.from(valueOfSize(Number(valueBytes)));
const common = [
  'Consistency-Level: causal',
  'Causal-Token: AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA',
  'ETag: "AQIDBAUGBwg"',
  'Content-Type: application/octet-stream',
  'Date: Sat, 21 Nov 2026 12:00:00 GMT',
  'Connection: keep-alive',
];
const found = Buffer.concat([Buffer.from(answerHead('200 OK', value.length), 'latin1'), value]);
const written = Buffer.from(answerHead('200 OK', 0), 'latin1');

createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    // A client waits for its answer, and its request is smaller than what one read takes.
    if (bytes.indexOf(HEAD_END) >= 0) socket.write(bytes[0] === 0x47 ? found : written);
  });
}).listen(Number(port), '127.0.0.1');

function answerHead(status: string, contentLength: number): string {
  return [`HTTP/1.1 ${status}`, ...common, `Content-Length: ${contentLength}`, '', ''].join('\r\n');
}
