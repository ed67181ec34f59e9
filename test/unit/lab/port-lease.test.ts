/** Ports of a lab: no other lab gets them while it lives, and none is taken from another program. */
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { isTcpFree, leasePorts, type PortLease, tryListen } from '../../../src/lab/port-lease.js';

const leases: PortLease[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const lease of leases.splice(0)) lease.release();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function lease(count: number, base: number): Promise<readonly number[]> {
  const taken = await leasePorts(count, base);
  leases.push(taken);
  return taken.ports;
}

/** Of ports that the system gives to nobody who connects or asks for any, and no other test takes. */
function someBase(): number {
  return 10_000 + Math.floor(Math.random() * 5_000);
}

async function occupy(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

test('leases share no port, one after the other or at once, though nobody listens yet', async () => {
  const base = someBase();
  const ports = [...(await lease(3, base)), ...(await Promise.all([lease(3, base), lease(3, base)])).flat()];
  expect(new Set(ports).size).toBe(9);
  for (const port of ports) expect(await isTcpFree(port)).toBe(true);
});

test('a port that another program listens on is passed over', async () => {
  const [first = 0] = await lease(1, someBase());
  leases.pop()?.release();
  await occupy(first);
  expect(await isTcpFree(first)).toBe(false);
  const ports = await lease(2, first);
  expect(ports).not.toContain(first);
  expect(ports.every((port) => port > first)).toBe(true);
});

test('a released port is free for the next', async () => {
  const base = someBase();
  const before = await lease(2, base);
  leases.pop()?.release();
  expect(await lease(2, base)).toEqual(before);
});

test('too few ports are no ports', async () => {
  await expect(leasePorts(3, 65_534)).rejects.toThrow('no 3 free ports from 65534 upwards');
});

test('a look at port 0 says which port the system chose, and one elsewhere why not', async () => {
  expect(await tryListen(0, '127.0.0.1')).toMatchObject({ kind: 'free', port: expect.any(Number) });
  expect(await tryListen(7101, '192.0.2.1')).toEqual({ kind: 'refused', code: 'EADDRNOTAVAIL' });
});
