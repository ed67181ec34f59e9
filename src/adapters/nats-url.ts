/** NATS server addresses as people write them: `nats://host:4222`, with optional credentials, or `tls://`. */
import { CausewayError } from '../base/errors.js';

export interface NatsAddress {
  readonly hostname: string;
  readonly port: number;
  /** `host:port` without credentials, fit for messages and logs. */
  readonly hostPort: string;
  /** Only ever over TLS. A `nats:` server may still ask for TLS by itself. */
  readonly tls: boolean;
  readonly credentials: NatsCredentials;
}

export type NatsCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string };

const DEFAULT_PORT = 4222;
const SCHEMES: ReadonlySet<string> = new Set(['nats:', 'tls:']);

/** @throws CausewayError `invalid-config` when `text` is no such address; the message never repeats a password. */
export function parseNatsUrl(text: string): NatsAddress {
  const url = parseUrl(text);
  if (url === undefined || !SCHEMES.has(url.protocol)) refuse(text, 'use nats://host:port or tls://host:port');
  if (url.hostname === '') refuse(text, 'it names no host');
  if (url.port === '0') refuse(text, 'port 0 cannot be connected to');
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '') {
    refuse(text, 'nothing may follow the port');
  }
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    hostPort: `${url.hostname}:${port}`,
    tls: url.protocol === 'tls:',
    credentials: credentialsOf(url, text),
  };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text.trim());
  } catch {
    return undefined;
  }
}

function credentialsOf(url: URL, text: string): NatsCredentials {
  try {
    const user = decodeURIComponent(url.username);
    const password = decodeURIComponent(url.password);
    if (user === '' && password === '') return { kind: 'none' };
    return password === '' ? { kind: 'token', token: user } : { kind: 'password', user, password };
  } catch {
    return refuse(text, 'the % escapes of its credentials are broken');
  }
}

function refuse(text: string, reason: string): never {
  const shown = text.replace(/\/\/[^/]*@/, '//***@');
  throw new CausewayError('invalid-config', `"${shown}" is not a NATS server address: ${reason}`);
}
