/** `causeway maelstrom` as a process: what comes in, what goes out, and how it ends. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start, temporaryFolder, until } from '../lab/command.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

const INIT = '{"src":"c1","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}';

function request(msgId: number, body: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ src: 'c1', dest: 'n1', body: { ...body, msg_id: msgId } });
}

/** Bodies of what was written, by the request they answer. */
function answers(output: string): Map<unknown, Record<string, unknown>> {
  expect(output).toMatch(/^(\{.*\}\n)*$/);
  const bodies = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).body);
  return new Map(bodies.map((body) => [body.in_reply_to, body]));
}

describe('causeway maelstrom', () => {
  it('answers everything that was asked before its input ended, and exits with 0', async () => {
    const data = join(folder.path, 'answers');
    const input = [
      INIT,
      request(2, { type: 'echo', echo: 'Hällo' }),
      'no JSON at all',
      '{"src":"c1"}',
      `{"src":"c1","dest":"n1","body":{"type":"echo","echo":"${'x'.repeat(3 * 1024 * 1024)}","msg_id":3}}`,
      request(4, { type: 'write', key: 1, value: [1, { a: null }] }),
    ];
    const { exit, output, errors } = await run(['maelstrom', '--data', data], { input: input.join('\n') });
    const replies = answers(output);
    expect(replies.get(1)).toEqual({ type: 'init_ok', in_reply_to: 1 });
    expect(replies.get(2)).toEqual({ type: 'echo_ok', in_reply_to: 2, echo: 'Hällo' });
    expect(replies.get(4)).toEqual({ type: 'write_ok', in_reply_to: 4 });
    expect(replies.size).toBe(3);
    expect(errors).toContain('maelstrom.line-dropped');
    expect(exit).toBe(0);
    expect(readdirSync(data)).toEqual(['n1']);

    const again = await run(['maelstrom', '--data', data], {
      input: `${INIT}\n${request(2, { type: 'read', key: 1 })}`,
    });
    expect(answers(again.output).get(2)).toEqual({ type: 'read_ok', in_reply_to: 2, value: [1, { a: null }] });
  });

  it('ends in order at SIGTERM, although its input goes on', async () => {
    const node = start(['maelstrom']);
    node.child.stdin?.write(`${INIT}\n`);
    await until('it has answered', () => node.output().includes('init_ok'));
    node.child.kill('SIGTERM');
    expect((await node.finished).exit).toBe(0);
  });

  it('refuses a folder that another node has open, with an error for the client and one for people', async () => {
    const data = join(folder.path, 'twice');
    const first = start(['maelstrom', '--data', data]);
    first.child.stdin?.write(`${INIT}\n`);
    await until('it has answered', () => first.output().includes('init_ok'));
    const second = await run(['maelstrom', '--data', data], { input: `${INIT}\n` });
    expect(answers(second.output).get(1)).toMatchObject({ type: 'error', code: 13 });
    expect(second.errors).toMatch(/^fatal: Data directory in use: /m);
    expect(second.exit).toBe(1);
    first.child.stdin?.end();
    expect((await first.finished).exit).toBe(0);
  });
});
