/**
 * One set-up at a time per clone: a folder is the lock (making one is atomic), and the process id inside it tells a
 * lock that is held from one whose holder died.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

const POLL_MS = 100;
/** A lock without a readable process id is somebody between two system calls, unless it stays that way. */
const NAMELESS_MS = 5_000;

/** Runs `task` while holding the lock at `path`; waits, with one line of notice, for whoever holds it. */
export async function withLock(path, task) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!tryAcquire(path)) {
    if (!told) process.stdout.write('waiting for another set-up of this clone to end …\n');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const release = () => rmSync(path, { recursive: true, force: true });
  const onSignal = () => {
    release();
    process.exit(130);
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await task();
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    release();
  }
}

function tryAcquire(path) {
  try {
    mkdirSync(path);
    writeFileSync(join(path, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned(path)) rmSync(path, { recursive: true, force: true });
    return false;
  }
}

function isAbandoned(path) {
  try {
    const pid = Number(readFileSync(join(path, 'pid'), 'utf8'));
    if (pid > 0) return !isAlive(pid);
    return Date.now() - statSync(path).mtimeMs > NAMELESS_MS;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    const held = statSync(path, { throwIfNoEntry: false });
    return held !== undefined && Date.now() - held.mtimeMs > NAMELESS_MS;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
