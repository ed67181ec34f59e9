/**
 * The folder of one lab: `lab.json` with the cluster's name, a folder of data for each replica, and their logs. With a
 * folder of its own a lab goes on where it stopped; a temporary one is a new cluster and is removed at the end.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from '../adapters/make-folder.js';
import { CausewayError } from '../base/errors.js';
import { type ClusterId, parseClusterId } from '../base/ids.js';

export interface LabFolder {
  readonly path: string;
  readonly cluster: ClusterId;
  readonly temporary: boolean;
  dataOf(id: string): string;
  logOf(id: string): string;
}

/** @throws CausewayError `invalid-config` if `path` cannot be made or holds something else. */
export function openLabFolder(path: string | undefined): LabFolder {
  const folder = path === undefined ? mkdtempSync(join(tmpdir(), 'causeway-lab-')) : resolve(path);
  try {
    makeFolder(join(folder, 'logs'));
  } catch (error) {
    throw new CausewayError('invalid-config', `the folder ${folder} cannot be used: ${String(error)}`);
  }
  return {
    path: folder,
    cluster: clusterOf(folder),
    temporary: path === undefined,
    dataOf: (id) => join(folder, id),
    logOf: (id) => join(folder, 'logs', `${id}.log`),
  };
}

function clusterOf(folder: string): ClusterId {
  const file = join(folder, 'lab.json');
  if (existsSync(file)) return readCluster(file);
  const cluster = parseClusterId(`lab-${randomBytes(6).toString('hex')}`);
  writeFileSync(`${file}.tmp`, `${JSON.stringify({ format: 1, cluster })}\n`);
  renameSync(`${file}.tmp`, file);
  return cluster;
}

function readCluster(file: string): ClusterId {
  try {
    const { format, cluster }: { format?: unknown; cluster?: unknown } = JSON.parse(readFileSync(file, 'utf8'));
    if (format === 1 && typeof cluster === 'string') return parseClusterId(cluster);
  } catch {
    // Whatever is wrong with it, the answer is the same.
  }
  throw new CausewayError('invalid-config', `${file} is damaged or of another version; use another folder`);
}
