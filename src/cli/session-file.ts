/**
 * A session kept in a file between commands: the causal token of everything they have seen, so that the next one sees
 * at least as much, at whichever replica it asks. The file is replaced as a whole and readable by its owner only; two
 * commands that share it must run one after the other.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';

const FORMAT = 1;
const TOKEN = /^c1\.[A-Za-z0-9_-]+$/;

/** The session's token; `undefined` if the file does not exist yet. @throws CausewayError `invalid-config`. */
export async function readSession(path: string): Promise<string | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  const token = tokenIn(text);
  if (token !== undefined) return token;
  throw new CausewayError('invalid-config', `${path} is not a session file; delete it to start a new session`);
}

export async function writeSession(path: string, token: string): Promise<void> {
  const fresh = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(fresh, `${JSON.stringify({ format: FORMAT, token })}\n`, { mode: 0o600 });
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new CausewayError('invalid-config', `the session file ${path} cannot be written: ${reasonOf(error)}`);
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return undefined;
    throw new CausewayError('invalid-config', `the session file ${path} cannot be read: ${reasonOf(error)}`);
  }
}

function tokenIn(text: string): string | undefined {
  try {
    const session: unknown = JSON.parse(text);
    if (typeof session !== 'object' || session === null || !('format' in session) || !('token' in session)) return;
    const { format, token } = session;
    if (format !== FORMAT || typeof token !== 'string' || token.length > LIMITS.tokenMaxBytes) return;
    return TOKEN.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
