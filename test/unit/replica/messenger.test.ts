import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { createMemoryNetwork } from '../../../src/adapters/memory-transport.js';
import { DecodeError } from '../../../src/base/bytes.js';
import { CausewayError } from '../../../src/base/errors.js';
import { makeOrigin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { TraceEvent } from '../../../src/ports/trace.js';
import { Messenger } from '../../../src/replica/messenger.js';
import { bundle } from '../../../src/replica/wire/bundle.js';
import { encodeEnvelope, type Sender } from '../../../src/replica/wire/envelope.js';
import { FRAGMENT_KIND } from '../../../src/replica/wire/fragments.js';
import { encodeGossip } from '../../../src/replica/wire/gossip-codec.js';
import type { PlaneMessage } from '../../../src/replication/messages.js';
import { seededRandom } from '../../support/seeded-random.js';

const CLUSTER = parseClusterId('c');
const REPORT: PlaneMessage = { kind: 'report', vector: VersionVector.EMPTY };
const REPORT_KIND = 2;
const PROBE_KIND = 33;
const RAFT_KIND = 64;

function sender(name: string, boot = 1): Sender {
  const replica = parseReplicaId(name);
  return { cluster: CLUSTER, replica, origin: makeOrigin(replica, 7), boot };
}

/** A page of a snapshot, of about this size. */
function pageOf(sizeBytes: number): PlaneMessage {
  const cursor = { table: 'keyspace', after: undefined } as const;
  const entries = [{ key: Uint8Array.of(1), value: new Uint8Array(sizeBytes) }];
  const vectors = { vector: VersionVector.EMPTY, forgotten: VersionVector.EMPTY };
  return { kind: 'snapshot-page', session: 1, cursor, entries, next: undefined, ...vectors };
}

/** Messengers of r1 and r2 and of another process as r1, and a raw transport of a member to send anything with. */
function setUp() {
  const time = createMemoryTime();
  const random = seededRandom(1);
  const carried: string[] = [];
  const sizes: number[] = [];
  const deliverAll = (from: string, to: string, bytes: Uint8Array) => {
    carried.push(`${from}>${to}`);
    sizes.push(bytes.length);
    return [0];
  };
  const net = createMemoryNetwork({ time, random, deliver: deliverAll });
  const members = ['r1', 'r2', 'r3'].map(parseReplicaId);
  const traces: TraceEvent[] = [];
  const fatal: unknown[] = [];
  const open = (self: () => Sender) => {
    const heard: string[] = [];
    const messenger = new Messenger({
      self,
      isMember: ({ replica }) => members.includes(replica),
      transport: net.connect(self().replica),
      time,
      random,
      trace: (event) => traces.push(event),
      onPlane: (from, message) => {
        if (message.kind === 'fetch') throw new DecodeError('test');
        if (message.kind === 'snapshot-fetch') throw new CausewayError('data-dir-corrupt', 'test');
        heard.push(`${from.replica} ${message.kind}`);
      },
      onAudit: (from, message) => heard.push(`${from.replica} ${message.kind}`),
      onRaft: (from, message) => heard.push(`${from.replica} ${message.kind} as ${message.from}`),
      onGossip: (from, message) => heard.push(`${from.replica}/${from.boot} ${message.kind}`),
      onFatal: (error) => fatal.push(error),
    });
    messenger.open();
    return { messenger, heard };
  };
  const r1 = open(() => sender('r1'));
  const r2 = open(() => sender('r2'));
  const raw = net.connect(parseReplicaId('r3'));
  const deliver = (bytes: Uint8Array) => {
    raw.send(parseReplicaId('r1'), bytes);
    time.advance(0);
    return [...r1.messenger.refused];
  };
  return { time, traces, fatal, open, r1, r2, deliver, carried, sizes };
}

describe('the messenger', () => {
  it('does not let the transport hear of what a message led to', () => {
    const { r1, r2, fatal, time } = setUp();
    r2.messenger.sendPlane('all', {
      kind: 'snapshot-fetch',
      session: 1,
      cursor: { table: 'keyspace', after: undefined },
    });
    expect(() => time.advance(0)).not.toThrow();
    expect(r1.messenger.refused.size).toBe(0);
    expect(fatal).toMatchObject([{ code: 'data-dir-corrupt' }]);
  });

  it('hears the gossip of strangers, who may want to become members', () => {
    const { deliver, r1 } = setUp();
    expect(deliver(encodeEnvelope(sender('r9'), PROBE_KIND, new Uint8Array(0)))).toEqual([]);
    expect(r1.heard).toEqual(['r9/1 probe']);
  });

  it('carries messages of every kind to whom they are for, each as of its sender', () => {
    const { time, r1, r2 } = setUp();
    const range = { after: undefined, last: undefined };
    r1.messenger.sendPlane('all', REPORT);
    r1.messenger.sendGossip(parseReplicaId('r2'), { kind: 'probe' });
    r1.messenger.sendAudit(parseReplicaId('r2'), { kind: 'audit-hash', vector: VersionVector.EMPTY, range, hash: '' });
    const { origin: to } = sender('r2');
    r1.messenger.sendRaft([{ kind: 'handover', from: sender('r9').origin, to, term: 1 }]);
    r2.messenger.sendPlane(parseReplicaId('r1'), REPORT);
    time.advance(0);
    expect(r2.heard).toEqual(['r1 report', 'r1/1 probe', 'r1 audit-hash', 'r1 handover as r1~00000007']);
    expect(r1.heard).toEqual(['r2 report']);
  });

  it('carries a message larger than the transport takes', () => {
    const { time, r1, r2 } = setUp();
    r1.messenger.sendPlane(parseReplicaId('r2'), pageOf(2 * LIMITS.messageMaxBytes));
    time.advance(0);
    expect(r2.heard).toEqual(['r1 snapshot-page']);
  });

  it('refuses strangers, foreign clusters, unknown versions, unknown kinds and nonsense, and counts each', () => {
    const { deliver, r1 } = setUp();
    const empty = new Uint8Array(0);
    const good = encodeEnvelope(sender('r3'), PROBE_KIND, empty);
    expect(deliver(encodeEnvelope(sender('r9'), REPORT_KIND, empty))).toEqual([['stranger', 1]]);
    const foreign = { ...sender('r3'), cluster: parseClusterId('d') };
    expect(deliver(encodeEnvelope(foreign, PROBE_KIND, empty)).at(-1)).toEqual(['foreign-cluster', 1]);
    expect(deliver(good.map((byte, i) => (i === 2 ? 9 : byte))).at(-1)).toEqual(['unknown-version', 1]);
    expect(deliver(encodeEnvelope(sender('r3'), 200, empty)).at(-1)).toEqual(['unknown-kind', 1]);
    expect(deliver(Uint8Array.of(1, 2, 3)).at(-1)).toEqual(['malformed', 1]);
    expect(deliver(encodeEnvelope(sender('r3'), REPORT_KIND, Uint8Array.of(255))).at(-1)).toEqual(['malformed', 2]);
    expect(deliver(encodeEnvelope(sender('r3'), FRAGMENT_KIND, empty)).at(-1)).toEqual(['malformed', 3]);
    expect(deliver(encodeEnvelope(sender('r3'), RAFT_KIND, empty)).at(-1)).toEqual(['malformed', 4]);
    expect(r1.heard).toEqual([]);
    deliver(good);
    expect(r1.heard).toEqual(['r3/1 probe']);
  });

  it('counts what its receiver cannot read, too, and goes on', () => {
    const { time, r1, r2 } = setUp();
    r2.messenger.sendPlane('all', { kind: 'fetch', request: 1, ranges: [] });
    r2.messenger.sendPlane('all', REPORT);
    time.advance(0);
    expect([...r1.messenger.refused]).toEqual([['malformed', 1]]);
    expect(r1.heard).toEqual(['r2 report']);
  });

  it('hears only gossip of another process under its own id, and nothing of itself', () => {
    const { time, open, r1, deliver } = setUp();
    const double = open(() => sender('r1', 2));
    double.messenger.sendPlane('all', REPORT);
    double.messenger.sendGossip('all', { kind: 'probe' });
    time.advance(0);
    expect(r1.heard).toEqual(['r1/2 probe']);
    expect(deliver(encodeEnvelope(sender('r1'), PROBE_KIND, encodeGossip({ kind: 'probe' })))).toEqual([]);
    expect(r1.heard).toEqual(['r1/2 probe']);
  });

  it('says at most once a second that it refuses, with all its counts', () => {
    const { time, traces, deliver } = setUp();
    for (let i = 0; i < 10; i += 1) deliver(Uint8Array.of(1));
    expect(traces).toHaveLength(1);
    time.advance(1_000);
    deliver(Uint8Array.of(1));
    expect(traces.map(({ name, facts }) => [name, facts?.['refused']])).toEqual([
      ['transport.message-refused', { malformed: 1 }],
      ['transport.message-refused', { malformed: 11 }],
    ]);
  });
});

describe('what one turn has to say', () => {
  it('travels in one message to each destination', () => {
    const { time, r1, r2, carried } = setUp();
    const [first, second] = [parseReplicaId('r1'), parseReplicaId('r2')];
    r1.messenger.sendPlane('all', REPORT);
    for (let i = 0; i < 3; i += 1) r1.messenger.sendGossip(second, { kind: 'probe' });
    r1.messenger.sendPlane('all', REPORT);
    r2.messenger.sendPlane(first, REPORT);
    expect(carried).toEqual([]);
    time.advance(0);
    expect(r2.heard).toEqual(['r1 report', 'r1 report', 'r1/1 probe', 'r1/1 probe', 'r1/1 probe']);
    expect(r1.heard).toEqual(['r2 report']);
    // One to r2, one to all, of whom there are two; and one to r1.
    expect(carried.sort()).toEqual(['r1>r2', 'r1>r2', 'r1>r3', 'r2>r1']);
  });

  it('leaves at once with what the total order says at its end', () => {
    const { r1, carried } = setUp();
    r1.messenger.sendGossip(parseReplicaId('r2'), { kind: 'probe' });
    expect(carried).toEqual([]);
    r1.messenger.sendRaft([]);
    expect(carried).toEqual([]);
    r1.messenger.sendRaft([{ kind: 'handover', from: sender('r1').origin, to: sender('r2').origin, term: 1 }]);
    expect(carried).toEqual(['r1>r2']);
  });

  it('travels in as many messages as the transport needs', () => {
    const { time, r1, r2, carried, sizes } = setUp();
    const to = parseReplicaId('r2');
    for (let i = 0; i < 5; i += 1) r1.messenger.sendPlane(to, pageOf(Math.floor(LIMITS.messageMaxBytes / 3)));
    time.advance(0);
    expect(r2.heard).toEqual(Array(5).fill('r1 snapshot-page'));
    expect(carried).toHaveLength(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMITS.messageMaxBytes + 1024);
  });

  it('is read part by part: one that makes no sense is refused, and the others heard', () => {
    const { deliver, r1 } = setUp();
    const parts = [
      { kind: PROBE_KIND, payload: encodeGossip({ kind: 'probe' }) },
      { kind: REPORT_KIND, payload: Uint8Array.of(255) },
      { kind: 200, payload: new Uint8Array(0) },
      { kind: PROBE_KIND, payload: encodeGossip({ kind: 'probe' }) },
    ];
    const { kind, payload } = bundle(parts);
    expect(deliver(encodeEnvelope(sender('r3'), kind, payload))).toEqual([
      ['malformed', 1],
      ['unknown-kind', 1],
    ]);
    expect(r1.heard).toEqual(['r3/1 probe', 'r3/1 probe']);
    const cut = payload.subarray(0, 1);
    expect(deliver(encodeEnvelope(sender('r3'), kind, cut))[0]).toEqual(['malformed', 2]);
    expect(r1.heard).toHaveLength(2);
  });

  it('is said by the incarnation that said it, also when another follows within the turn', () => {
    const { time, open, r2 } = setUp();
    let self = sender('r3');
    const changing = open(() => self);
    changing.messenger.sendGossip(parseReplicaId('r2'), { kind: 'probe' });
    self = { ...sender('r3', 2), origin: makeOrigin(self.replica, 8) };
    changing.messenger.sendGossip(parseReplicaId('r2'), { kind: 'probe' });
    time.advance(0);
    expect(r2.heard).toEqual(['r3/1 probe', 'r3/2 probe']);
  });
});

describe('what nobody waits for', () => {
  const toR2 = parseReplicaId('r2');
  const news = (commit: number, from = sender('r1').origin) =>
    [{ kind: 'commit-news', from, to: sender('r2').origin, term: 1, commit }] as const;

  it('leaves with the next message to the same replica, the newest of it', () => {
    const { time, r1, r2, carried } = setUp();
    r1.messenger.mentionRaft(news(1));
    r1.messenger.mentionRaft(news(2));
    r1.messenger.sendGossip(parseReplicaId('r3'), { kind: 'probe' });
    time.advance(0);
    expect(carried).toEqual(['r1>r3']);
    r1.messenger.sendGossip(toR2, { kind: 'probe' });
    time.advance(0);
    expect(r2.heard).toEqual(['r1/1 probe', 'r1 commit-news as r1~00000007']);
    time.advance(1_000);
    expect(carried).toEqual(['r1>r3', 'r1>r2']);
  });

  it('leaves by itself after a while', () => {
    const { time, r1, r2 } = setUp();
    r1.messenger.mentionRaft(news(1));
    time.advance(LIMITS.gatherMs - 1);
    expect(r2.heard).toEqual([]);
    time.advance(1);
    expect(r2.heard).toEqual(['r1 commit-news as r1~00000007']);
    time.advance(1_000);
    expect(r2.heard).toHaveLength(1);
  });

  it('does not leave when entries do, which say as much', () => {
    const { time, r1, r2 } = setUp();
    r1.messenger.mentionRaft(news(1));
    const place = { from: sender('r1').origin, to: sender('r2').origin, term: 1 };
    r1.messenger.sendRaft([{ kind: 'append', ...place, previousIndex: 1, previousTerm: 1, entries: [], commit: 1 }]);
    time.advance(1_000);
    expect(r2.heard).toEqual(['r1 append as r1~00000007']);
  });

  it('is never said by another incarnation, nor after the end', () => {
    const { time, open, r1, r2 } = setUp();
    let self = sender('r3');
    const changing = open(() => self);
    changing.messenger.mentionRaft(news(1, self.origin));
    self = { ...sender('r3', 2), origin: makeOrigin(self.replica, 8) };
    changing.messenger.sendGossip(toR2, { kind: 'probe' });
    time.advance(0);
    changing.messenger.mentionRaft(news(1, self.origin));
    self = { ...sender('r3', 3), origin: makeOrigin(self.replica, 9) };
    r1.messenger.mentionRaft(news(1));
    r1.messenger.close();
    time.advance(1_000);
    expect(r2.heard).toEqual(['r3/2 probe']);
  });
});
