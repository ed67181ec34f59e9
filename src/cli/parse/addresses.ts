/** Addresses on the command line: where to listen, where servers are, who the members of a cluster are. */
import { CausewayError } from '../../base/errors.js';
import { parseReplicaId, type ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface MemberAddress {
  readonly id: ReplicaId;
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
}

/** `host:port`, `[ipv6]:port`, `:port` or `port`. @throws CausewayError `invalid-config`. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(\[[0-9a-fA-F:.%]+\]|[^:[\]\s]*):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new CausewayError('invalid-config', `"${text}" is not an address to listen on: write it as 127.0.0.1:7101`);
  }
  const host = (match[1] ?? '').replace(/^\[(.*)\]$/, '$1');
  return { host: host === '' ? '127.0.0.1' : host, port };
}

export function formatHttpUrl({ host, port }: ListenAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** An `http:` or `https:` URL with nothing after the port. @throws CausewayError `invalid-config`. */
export function parseServerUrl(text: string): string {
  const address = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw notServerUrl(text, 'write it as http://127.0.0.1:7101');
  if (url.username !== '' || url.password !== '') {
    throw notServerUrl(url.host, 'credentials go into --token, not into the URL');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw notServerUrl(text, 'nothing may follow the port');
  }
  return url.origin;
}

function notServerUrl(text: string, reason: string): CausewayError {
  return new CausewayError('invalid-config', `"${text}" is not the URL of a replica: ${reason}`);
}

/** One URL, or several separated by commas: the first that can be reached is used. */
export function parseServerUrls(text: string): readonly string[] {
  return text.split(',').map((url) => parseServerUrl(url.trim()));
}

/** `r1=http://…,r2=http://…`, in the order given. @throws CausewayError `invalid-config`. */
export function parsePeers(text: string): readonly MemberAddress[] {
  const members = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parsePeer);
  const ids = members.map(({ id }) => id);
  const urls = members.map(({ url }) => url);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at) ?? urls.find((url, at) => urls.indexOf(url) !== at);
  if (twice !== undefined) throw new CausewayError('invalid-config', `--peers names ${twice} twice`);
  if (members.length > LIMITS.membersMax) {
    throw new CausewayError('invalid-config', `--peers names ${members.length} replicas; at most ${LIMITS.membersMax}`);
  }
  return members;
}

function parsePeer(part: string): MemberAddress {
  const at = part.indexOf('=');
  if (at < 0) {
    throw new CausewayError('invalid-config', `"${part}" in --peers names no replica: write r2=http://127.0.0.1:7102`);
  }
  return { id: parseReplicaId(part.slice(0, at)), url: parseServerUrl(part.slice(at + 1)) };
}
