/** Whether the sender of a request may do what it asks for. */
import { CausewayError } from '../base/errors.js';
import type { Role } from './auth.js';
import type { Exchange } from './exchange.js';

/** Each role may do what the one before it may. */
const ROLES: readonly Role[] = ['read', 'write', 'admin'];
const CREDENTIALS = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** @throws CausewayError `unauthorized`, `forbidden` */
export function authorize(exchange: Exchange, needed: Role): void {
  const { authTokens } = exchange.service;
  if (authTokens === undefined) return;
  const { authorization } = exchange.headers;
  if (authorization === undefined) throw new CausewayError('unauthorized', 'The request carries no bearer token.');
  const token = CREDENTIALS.exec(authorization)?.[1];
  if (token === undefined) throw new CausewayError('unauthorized', 'Authorization is not of the form Bearer <token>.');
  const role = authTokens.roleOf(token);
  if (role === undefined) throw new CausewayError('unauthorized', 'The bearer token is not known here.');
  if (ROLES.indexOf(role) < ROLES.indexOf(needed)) {
    throw new CausewayError('forbidden', `This needs the role ${needed}, and the bearer token has the role ${role}.`);
  }
}
