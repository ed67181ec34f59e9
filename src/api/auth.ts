/**
 * Bearer tokens and what they allow. The file is strict: a mistake in it must stop the replica, not open it. Tokens are
 * kept and compared as digests, so that neither memory nor the time of a comparison tells what they are.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { CausewayError } from '../base/errors.js';
import type { Shape } from './shape.js';
import { validatorOf } from './validate.js';

const Role = { enum: ['read', 'write', 'admin'] } as const;
export type Role = Shape<typeof Role>;

const AuthTokensFile = {
  type: 'object',
  additionalProperties: false,
  required: ['tokens'],
  properties: {
    tokens: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['token', 'role'],
        properties: { token: { type: 'string', minLength: 1 }, role: Role },
      },
    },
  },
} as const;
type AuthTokensFile = Shape<typeof AuthTokensFile>;

interface KnownToken {
  readonly digest: Buffer;
  readonly role: Role;
}

const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

const checkFile = validatorOf(AuthTokensFile);

export class AuthTokens {
  readonly #known: readonly KnownToken[];

  constructor(known: readonly KnownToken[]) {
    this.#known = known;
  }

  /** The role of the bearer of `token`; undefined for a stranger. */
  roleOf(token: string): Role | undefined {
    const digest = digestOf(token);
    let role: Role | undefined;
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) role = known.role;
    return role;
  }
}

/**
 * The tokens of a file `{"tokens":[{"token":"…","role":"read"|"write"|"admin"}]}`. `file` names it in messages.
 *
 * @throws CausewayError `invalid-config` on any defect
 */
export function parseAuthTokens(text: string, file: string): AuthTokens {
  const content = parseFile(text, file);
  const seen = new Set<string>();
  for (const [at, { token }] of content.tokens.entries()) {
    if (!TOKEN.test(token)) throw defect(file, `tokens[${at}] is not a bearer token (letters, digits and -._~+/)`);
    if (seen.has(token)) throw defect(file, `tokens[${at}] is listed before`);
    seen.add(token);
  }
  return new AuthTokens(content.tokens.map(({ token, role }) => ({ digest: digestOf(token), role })));
}

function parseFile(text: string, file: string): AuthTokensFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw defect(file, 'it is not JSON');
  }
  const checked = checkFile(content);
  if (checked.kind === 'invalid') throw defect(file, checked.reason);
  return checked.value;
}

function defect(file: string, reason: string): CausewayError {
  return new CausewayError('invalid-config', `${file} is not a token file: ${reason}.`);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
