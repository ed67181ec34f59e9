/** The flags of `causeway serve`, as one configuration or as the sentence that says what is wrong with them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CausewayError } from '../../../src/base/errors.js';
import { parseListenAddress, parsePeers } from '../../../src/cli/parse/addresses.js';
import { runCli } from '../../../src/cli/program.js';
import { ownUrl, type ServeFlags, serveConfig } from '../../../src/cli/serve-config.js';
import { recordingTerminal } from './recording-terminal.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-serve-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Written extends Partial<Omit<ServeFlags, 'http' | 'peers'>> {
  readonly http?: string;
  readonly peers?: string;
}

function flags({ http = '127.0.0.1:7101', peers = '', ...rest }: Written): ServeFlags {
  return { id: 'r1', data: 'd', cluster: 'c', http: parseListenAddress(http), peers: parsePeers(peers), ...rest };
}

function refusal(written: Written): string {
  try {
    serveConfig(flags(written), {});
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'invalid-config') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

test('a replica that names its peers is a member itself, where it listens', () => {
  const config = serveConfig(flags({ id: 'r2', http: ':7102', peers: 'r3=http://h:3,r1=http://h:1' }), {});
  expect(config.members).toEqual([
    { id: 'r1', url: 'http://h:1' },
    { id: 'r2', url: 'http://127.0.0.1:7102' },
    { id: 'r3', url: 'http://h:3' },
  ]);
  expect(ownUrl(config)).toBe('http://127.0.0.1:7102');
});

test('a replica that is named among the members is told to the others as named there', () => {
  const config = serveConfig(flags({ http: '0.0.0.0:7101', peers: 'r1=https://r1.example,r2=http://h:2' }), {});
  expect(ownUrl(config)).toBe('https://r1.example');
  expect(config.http).toEqual({ host: '0.0.0.0', port: 7101 });
});

test.each([
  [{ nats: 'nats://a:1' }, { NATS_URL: 'nats://b:2' }, ['nats://a:1']],
  [{ natsUrl: 'nats://a:1' }, { NATS_URL: 'nats://b:2' }, ['nats://a:1']],
  [{}, { NATS_URL: 'nats://b:2' }, ['nats://b:2']],
  [{}, { NATS_URL: '' }, ['nats://127.0.0.1:4222']],
  [{}, {}, ['nats://127.0.0.1:4222']],
  [{ nats: 'nats://a:1, tls://b:2' }, {}, ['nats://a:1', 'tls://b:2']],
])('the NATS server: flags %j in environment %j are %j', (written, env, servers) => {
  expect(serveConfig(flags(written), env).natsServers).toEqual(servers);
});

test.each([
  [{ id: 'R1' }, '"R1" is not a replica id'],
  [{ data: ' ' }, '--data names no folder'],
  [{ cluster: 'A B' }, 'is not a cluster id'],
  [{ nats: 'http://x' }, 'is not a NATS server address'],
  [{ authTokens: '/nowhere/tokens.json' }, 'the token file cannot be read'],
  [{ peers: 'r2=http://127.0.0.1:7101' }, 'r2 is at http://127.0.0.1:7101, which is r1 itself'],
  [{ http: '0.0.0.0:7101', peers: 'r2=http://h' }, 'how to reach r1: name it in --peers as well'],
  [
    { id: 'r0', peers: Array.from({ length: 16 }, (_, i) => `r${i + 1}=http://h:${i + 1}`).join(',') },
    'at most 16 members',
  ],
])('%j is refused: %s', (written, sentence) => {
  expect(refusal(written)).toContain(sentence);
});

test('a NATS password is never repeated', () => {
  expect(refusal({ nats: 'http://me:s3cret@h' })).not.toContain('s3cret');
});

test('a token file with a mistake stops the replica', () => {
  const file = join(folder, 'tokens.json');
  writeFileSync(file, '{"tokens":[{"token":"a b","role":"read"}]}');
  expect(refusal({ authTokens: file })).toContain(file);
});

test.each([
  [['--data', 'd'], "required option '--id <id>' not specified"],
  [['--id', 'r1'], "required option '--data <folder>' not specified"],
  [['--id', 'r1', '--data', 'd', '--http', 'nowhere'], 'is not an address to listen on'],
  [['--id', 'r1', '--data', 'd', '--peers', 'r2'], 'names no replica'],
  [['--id', 'r1', '--data', 'd', '--consensus', 'jetstream'], 'Allowed choices are raft.'],
  [['--id', 'r1', '--data', 'd', '--log-level', 'loud'], 'Allowed choices'],
  [['--id', 'r1', '--data', 'd', '--nats', 'nats://a', '--nats-url', 'nats://b'], 'cannot be used with'],
])('serve %j does not get as far as a configuration', async (args, sentence) => {
  const terminal = recordingTerminal();
  expect(await runCli(['serve', ...args], terminal)).toBe(2);
  expect(terminal.errors()).toContain(sentence);
});

test('lab, too, knows which kinds of consensus there are', async () => {
  const terminal = recordingTerminal();
  expect(await runCli(['lab', '--consensus', 'jetstream'], terminal)).toBe(2);
  expect(terminal.errors()).toContain('Allowed choices are raft.');
});
