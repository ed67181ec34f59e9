/** The file that tells other programs where a lab's replicas are. It appears whole, when all of them are ready. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { CausewayError } from '../base/errors.js';
import type { Lab } from './cluster.js';

export function writeUrlsFile(path: string, lab: Pick<Lab, 'replicas' | 'nats'>): void {
  const replicas = lab.replicas.map(({ id, url, pid }) => ({ id, url, pid }));
  const fresh = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(fresh, `${JSON.stringify({ replicas, nats: lab.nats.url })}\n`);
    renameSync(fresh, path);
  } catch (error) {
    throw new CausewayError('invalid-config', `the file ${path} cannot be written: ${String(error)}`);
  }
}

/** A file of an earlier lab must not be mistaken for this one's. */
export function removeUrlsFile(path: string): void {
  rmSync(path, { force: true });
}
