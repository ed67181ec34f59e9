import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { natsServerIn } from '../../../src/adapters/nats-install.js';
import { resolveNatsServer } from '../../../src/adapters/nats-server.js';

describe('finding nats-server', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'causeway-test-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const at = (...parts: string[]): string => join(home, ...parts);

  /** A shell script that stands where a program would. */
  function program(path: string, script: string): string {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  function natsServer(path: string, version: string): string {
    return program(path, `echo 'nats-server: v${version}'`);
  }

  /** Resolves in a world where only `home` exists: no network, no system directories. */
  function resolve(env: Record<string, string>, announced: string[] = []) {
    return resolveNatsServer(
      { PATH: at('bin'), HOME: at('user'), ...env },
      { packageRoot: at('package'), directories: [at('sbin')], announce: (line) => announced.push(line) },
    );
  }

  test('NATS_SERVER_BIN is preferred to everything', async () => {
    const chosen = natsServer(at('chosen', 'my-nats'), '2.10.4');
    natsServer(at('bin', 'nats-server'), '2.11.0');
    expect(await resolve({ NATS_SERVER_BIN: chosen })).toEqual({
      kind: 'binary',
      path: chosen,
      version: '2.10.4',
      source: 'NATS_SERVER_BIN',
    });
  });

  test.each([
    ['is not there', undefined, /does not run/],
    ['fails', 'exit 3', /does not run/],
    ['is another program', 'echo hello', /is not a nats-server/],
    ['is too old', "echo 'nats-server: v2.8.4'", /2\.8\.4, older than 2\.9/],
  ])('a NATS_SERVER_BIN that %s is an error, not passed over', async (_, script, message) => {
    if (script !== undefined) program(at('chosen'), script);
    natsServer(at('bin', 'nats-server'), '2.11.0');
    const resolution = resolve({ NATS_SERVER_BIN: at('chosen') });
    await expect(resolution).rejects.toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
  });

  test('NATS_SERVER_BIN=none does without, whatever there is', async () => {
    natsServer(at('bin', 'nats-server'), '2.11.0');
    expect(await resolve({ NATS_SERVER_BIN: 'none' })).toMatchObject({ kind: 'none' });
  });

  test('PATH comes before the usual directories, and these before the cache', async () => {
    const cached = natsServer(natsServerIn(at('package', '.cache')), '2.9.1');
    expect(await resolve({})).toMatchObject({ path: cached, version: '2.9.1', source: 'cache' });
    const usual = natsServer(at('sbin', 'nats-server'), '2.9.2');
    expect(await resolve({})).toMatchObject({ path: usual, version: '2.9.2', source: 'path' });
    const onPath = natsServer(at('bin', 'nats-server'), '2.9.3');
    expect(await resolve({})).toMatchObject({ path: onPath, version: '2.9.3', source: 'path' });
  });

  test('what is too old, broken or no program on the way is passed over', async () => {
    natsServer(at('first', 'nats-server'), '2.1.9');
    program(at('second', 'nats-server'), 'exit 1');
    mkdirSync(at('third', 'nats-server'), { recursive: true });
    const good = natsServer(at('sbin', 'nats-server'), '2.12.0-RC.1');
    const PATH = [at('first'), at('second'), at('third'), at('nowhere')].join(':');
    expect(await resolve({ PATH })).toMatchObject({ path: good, version: '2.12.0-RC.1' });
  });

  test('CAUSEWAY_CACHE replaces every other cache', async () => {
    natsServer(natsServerIn(at('package', '.cache')), '2.9.1');
    expect(await resolve({ CAUSEWAY_CACHE: at('mine') })).toMatchObject({ kind: 'none' });
    const mine = natsServer(natsServerIn(at('mine')), '2.9.4');
    expect(await resolve({ CAUSEWAY_CACHE: at('mine') })).toMatchObject({ path: mine, version: '2.9.4' });
  });

  test('a relative CAUSEWAY_CACHE is taken from the current directory', async () => {
    const env = { PATH: at('bin'), CAUSEWAY_CACHE: 'some/cache' };
    const resolution = await resolveNatsServer(env, { directories: [], install: false });
    expect(resolution.kind === 'none' && resolution.tried[1]).toContain(join(process.cwd(), 'some/cache'));
  });

  test("the user's cache is looked into after that of the package", async () => {
    const users = natsServer(natsServerIn(at('user', '.cache', 'causeway')), '2.9.5');
    expect(await resolve({})).toMatchObject({ path: users });
    const xdg = natsServer(natsServerIn(at('xdg', 'causeway')), '2.9.6');
    expect(await resolve({ XDG_CACHE_HOME: at('xdg') })).toMatchObject({ path: xdg });
    const packages = natsServer(natsServerIn(at('package', '.cache')), '2.9.7');
    expect(await resolve({ XDG_CACHE_HOME: at('xdg') })).toMatchObject({ path: packages });
  });

  test('a cache that anyone may write to is not trusted', async () => {
    natsServer(natsServerIn(at('package', '.cache')), '2.9.1');
    chmodSync(at('package', '.cache'), 0o777);
    expect(await resolve({})).toMatchObject({ kind: 'none' });
  });

  test('where nothing helps the answer is none, with a reason for each thing tried', async () => {
    const announced: string[] = [];
    const resolution = await resolve({ CAUSEWAY_CACHE: at('cache') }, announced);
    expect(resolution).toEqual({
      kind: 'none',
      tried: [
        `there is no nats-server in ${at('bin')}, ${at('sbin')}`,
        `none was downloaded into ${at('cache')} before`,
        'downloading it failed: this system has no apt-get and dpkg to get it with',
      ],
    });
    expect(announced).toEqual([]);
  });

  test('without a directory that can be written nothing is downloaded', async () => {
    writeFileSync(at('file'), '');
    const resolution = await resolve({ CAUSEWAY_CACHE: at('file', 'cache') });
    expect(resolution.kind === 'none' && resolution.tried.at(-1)).toMatch(/set CAUSEWAY_CACHE/);
  });

  describe('on a Debian-like system', () => {
    /** `apt-get` writes down how it was called; `dpkg -x` unpacks a program of version 2.9.10. */
    function debian(aptGet: string): void {
      program(at('bin', 'apt-get'), `PATH=/usr/bin:/bin\necho "$@" >> ${at('calls')}\n${aptGet}`);
      program(at('dpkg-output'), "echo 'nats-server: v2.9.10'");
      program(
        at('bin', 'dpkg'),
        `PATH=/usr/bin:/bin\nmkdir -p "$3/usr/sbin"\ncp ${at('dpkg-output')} "$3/usr/sbin/nats-server"`,
      );
    }
    const calls = (): string[] => readFileSync(at('calls'), 'utf8').trim().split('\n');

    test('it is downloaded into the cache, after one line, and found there the next time', async () => {
      debian('touch nats-server_2.9.10_amd64.deb');
      const announced: string[] = [];
      const path = natsServerIn(at('package', '.cache'));
      expect(await resolve({}, announced)).toEqual({ kind: 'binary', path, version: '2.9.10', source: 'download' });
      expect(announced).toHaveLength(1);
      expect(announced[0]).toContain(at('package', '.cache'));
      expect(calls()).toHaveLength(1);
      expect(readdirSync(at('package', '.cache', 'nats-server'))).toEqual(['bin']);
      expect(await resolve({}, announced)).toMatchObject({ source: 'cache' });
      expect(announced).toHaveLength(1);
    });

    test('without package lists it makes lists of its own, below the cache', async () => {
      const hasOwnLists = 'case "$*" in *Dir::State::Lists=*/.cache/nats-server/*)';
      debian(`${hasOwnLists} touch nats-server_2.9.10_amd64.deb;; *) exit 100;; esac`);
      expect(await resolve({})).toMatchObject({ kind: 'binary', source: 'download' });
      expect(calls().map((call) => call.split(' ').slice(-2).join(' '))).toEqual([
        'download nats-server',
        expect.stringMatching(/ update$/),
        'download nats-server',
      ]);
    });

    test('a download that fails is a reason in what was tried, and leaves nothing behind', async () => {
      debian("echo 'E: Unable to fetch some archives' >&2; exit 100");
      const resolution = await resolve({});
      expect(resolution.kind === 'none' && resolution.tried.at(-1)).toBe(
        'downloading it failed: apt-get: E: Unable to fetch some archives',
      );
      expect(readdirSync(at('package', '.cache', 'nats-server'))).toEqual(['bin']);
      expect(existsSync(natsServerIn(at('package', '.cache')))).toBe(false);
    });

    test('a download that hangs is given up', async () => {
      debian('exec sleep 60');
      const resolution = await resolveNatsServer(
        { PATH: at('bin') },
        { packageRoot: at('package'), directories: [], installTimeoutMs: 200 },
      );
      expect(resolution.kind === 'none' && resolution.tried.at(-1)).toMatch(/took more than|out of time/);
    });

    test('when it is not wanted nothing is downloaded', async () => {
      debian('touch nats-server_2.9.10_amd64.deb');
      const env = { PATH: at('bin') };
      const options = { packageRoot: at('package'), directories: [], install: false };
      expect(await resolveNatsServer(env, options)).toMatchObject({ kind: 'none' });
      expect(existsSync(at('calls'))).toBe(false);
    });
  });
});
