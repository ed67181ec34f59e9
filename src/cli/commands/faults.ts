/**
 * `partition`, `link`, `heal`, `faults`. A fault lives in the replicas, each of which enforces its own side; so every
 * member is told, over HTTP, and the result says which of them took it.
 */

import type { ClientRequest, ConnectionOptions } from '../client-call.js';
import { askEach, curlLines, learnMembers, type Member, type MemberReply } from '../cluster-members.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { describeFault, faultsIn, isOk, reasonOf, worst } from '../fault-replies.js';
import { formatDuration } from '../parse/duration.js';
import { formatGroups, parsePartitionSpec } from '../parse/partition-spec.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface PartitionOptions extends ConnectionOptions {
  readonly for?: number;
  readonly name: string;
}

export interface LinkOptions extends ConnectionOptions {
  readonly for?: number;
  readonly drop?: number;
  readonly delay?: number;
  readonly jitter?: number;
  readonly duplicate?: number;
  readonly both?: boolean;
}

export interface ClockOptions extends ConnectionOptions {
  readonly for?: number;
  /** Milliseconds. */
  readonly ahead?: number;
  readonly behind?: number;
  readonly right?: boolean;
}

export interface HealOptions extends ConnectionOptions {
  readonly name?: string;
}

export async function partition(
  terminal: Terminal,
  words: readonly string[],
  options: PartitionOptions,
): Promise<ExitCode> {
  const groups = parsePartitionSpec(words);
  const members = await membersNamed(options, groups.flat());
  const body = { groups, ...(options.for === undefined ? {} : { ttlMs: options.for }) };
  const path = `/v1/faults/partitions/${encodeURIComponent(options.name)}`;
  return tellAll(terminal, options, members, [json('PUT', path, body)], `cut ${formatGroups(groups)}`);
}

export async function link(terminal: Terminal, from: string, to: string, options: LinkOptions): Promise<ExitCode> {
  const { drop, delay, jitter, duplicate } = options;
  if (from === to) throw new CommandFailure(`${from} has no link to itself`, '', EXIT.usage);
  if ((drop ?? delay ?? jitter ?? duplicate) === undefined) {
    throw new CommandFailure(
      'no fault is given',
      'Name one: --delay 200ms, --jitter 50ms, --drop 0.1, --duplicate 0.1.',
      EXIT.usage,
    );
  }
  const members = await membersNamed(options, [from, to]);
  const wanted = { drop, delayMs: delay, jitterMs: jitter, duplicate, ttlMs: options.for };
  const body = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  const directions = options.both
    ? [
        [from, to],
        [to, from],
      ]
    : [[from, to]];
  const requests = directions.map(([a = '', b = '']) =>
    json('PUT', `/v1/faults/links/${encodeURIComponent(a)}/${encodeURIComponent(b)}`, body),
  );
  return tellAll(terminal, options, members, requests, `link ${from} ${options.both ? '<->' : '->'} ${to}`);
}

/** Puts one replica's wall clock wrong, or right again with a skew of 0. */
export async function clock(terminal: Terminal, id: string, options: ClockOptions): Promise<ExitCode> {
  const skewMs = (options.ahead ?? 0) - (options.behind ?? 0);
  if (skewMs === 0 && !options.right) {
    throw new CommandFailure('no skew is given', 'Name one: --ahead 1h or --behind 250ms, or --right.', EXIT.usage);
  }
  const members = (await membersNamed(options, [id])).filter((member) => member.id === id);
  const path = '/v1/faults/clock';
  if (options.right) return tellAll(terminal, options, members, [{ method: 'DELETE', path }], 'clock right');
  const body = { skewMs, ...(options.for === undefined ? {} : { ttlMs: options.for }) };
  const words = `clock ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`;
  return tellAll(terminal, options, members, [json('PUT', path, body)], words);
}

export async function heal(terminal: Terminal, options: HealOptions): Promise<ExitCode> {
  const { name } = options;
  const path = name === undefined ? '/v1/faults' : `/v1/faults/partitions/${encodeURIComponent(name)}`;
  const members = await learnMembers(options);
  const done = name === undefined ? 'healed everything' : `healed ${name}`;
  return tellAll(terminal, options, members, [{ method: 'DELETE', path }], done);
}

export async function faults(terminal: Terminal, options: ConnectionOptions): Promise<ExitCode> {
  const members = await learnMembers(options);
  const request = { method: 'GET', path: '/v1/faults' } as const;
  if (options.curl) {
    terminal.out(curlLines(members, options, [request]));
    return EXIT.ok;
  }
  const replies = await askEach(members, options, request);
  if (options.output === 'json') {
    terminal.out(`${JSON.stringify({ replicas: replies.map(listedReply) })}\n`);
  } else {
    const rows = replies.flatMap((reply) => faultsIn(reply).map((fault) => [reply.member.id, ...describeFault(fault)]));
    if (rows.length > 0) terminal.out(renderTable(['REPLICA', 'FAULT', 'WHAT', 'HEALS ITSELF IN'], rows));
    else if (replies.some(isOk)) terminal.out('no faults\n');
    reportLosses(terminal, replies);
  }
  return worst(replies);
}

/** @returns all members. @throws CommandFailure if one of `ids` is none: a typo must not cut a healthy replica off. */
async function membersNamed(options: ConnectionOptions, ids: readonly string[]): Promise<readonly Member[]> {
  const members = await learnMembers(options);
  const known = members.map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return members;
  throw new CommandFailure(
    `${unknown} is no member of the cluster`,
    `The members are ${known.join(', ')}.`,
    EXIT.usage,
  );
}

async function tellAll(
  terminal: Terminal,
  options: ConnectionOptions,
  members: readonly Member[],
  requests: readonly ClientRequest[],
  done: string,
): Promise<ExitCode> {
  if (options.curl) {
    terminal.out(curlLines(members, options, requests));
    return EXIT.ok;
  }
  const rounds: (readonly MemberReply[])[] = [];
  for (const request of requests) rounds.push(await askEach(members, options, request));
  const replies = rounds.flat();
  const taken = members.filter((member) => rounds.every((round) => isOk(round.find((r) => r.member === member))));
  if (options.output === 'json') {
    const results = replies.map((reply) => ({ id: reply.member.id, ok: isOk(reply), ...reasonOf(reply) }));
    terminal.out(`${JSON.stringify({ done, replicas: results })}\n`);
  } else if (taken.length > 0) {
    terminal.out(`${done} at ${taken.map(({ id }) => id).join(', ')}\n`);
  }
  reportLosses(terminal, replies);
  return worst(replies);
}

function json(method: 'PUT', path: string, body: object): ClientRequest {
  return { method, path, headers: { 'Content-Type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}

function listedReply(reply: MemberReply): object {
  return { id: reply.member.id, faults: isOk(reply) ? faultsIn(reply) : null, ...reasonOf(reply) };
}

function reportLosses(terminal: Terminal, replies: readonly MemberReply[]): void {
  for (const reply of replies) {
    const { reason } = reasonOf(reply);
    if (reason !== undefined) terminal.err(`not at ${reply.member.id}: ${reason}\n`);
  }
}
