import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import type { ReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { Outgoing, SnapshotCursor, SnapshotPageMessage } from '../../../src/replication/messages.js';
import { PeerTable } from '../../../src/replication/peer-table.js';
import { type Interrupted, SnapshotInstall } from '../../../src/replication/snapshot-install.js';
import { A, B, C, originOf, R1, R2, R3, vector } from '../../support/plane-values.js';

const { EMPTY } = VersionVector;
const START: SnapshotCursor = { table: 'keyspace', after: undefined };
const LATER: SnapshotCursor = { table: 'keyspace', after: utf8Encode('m') };
const STATE = vector([B, 5]);

class Setting {
  readonly peers = new PeerTable(A, [R1, R2, R3]);
  readonly install: SnapshotInstall;
  nowMs = 0;
  #random = 0;

  constructor(own = EMPTY, preferred: ReplicaId | undefined = R2, interrupted: Interrupted | undefined = undefined) {
    this.install = new SnapshotInstall(own, interrupted, preferred, () => {
      this.#random += 0.001;
      return this.#random;
    });
  }

  hear(replica: ReplicaId, has: VersionVector): void {
    this.peers.hear({ replica, origin: originOf(replica) }, this.nowMs);
    this.peers.learn(replica, has);
  }

  tick(afterMs = 0): string[] {
    this.nowMs += afterMs;
    return this.install.tick(this.peers, this.nowMs).map((send) => this.#note(send));
  }

  page(rest: Partial<SnapshotPageMessage> = {}): SnapshotPageMessage {
    const page = { vector: STATE, forgotten: EMPTY, entries: [], cursor: START, next: LATER };
    return { kind: 'snapshot-page', session: this.session, ...page, ...rest };
  }

  receive(from: ReplicaId, page: SnapshotPageMessage): boolean {
    return this.install.receive(from, page, this.nowMs);
  }

  persisted(): string[] {
    return this.install.stepPersisted(this.nowMs).map((send) => this.#note(send));
  }

  session = -1;

  #note({ to, message }: Outgoing): string {
    if (message.kind !== 'snapshot-fetch') return message.kind;
    this.session = message.session;
    return `${to} after ${message.cursor.after === undefined ? 'start' : 'm'}`;
  }
}

describe('a snapshot install', () => {
  it('asks page after page, each once the last is durable', () => {
    const setting = new Setting();
    setting.hear(R2, STATE);
    expect(setting.tick()).toEqual(['r2 after start']);
    expect(setting.install.step()).toBeUndefined();
    expect(setting.receive(R2, setting.page())).toBe(true);
    expect(setting.install.step()).toMatchObject({ own: EMPTY, first: true, last: false });
    expect(setting.tick(60_000)).toEqual([]);
    expect(setting.persisted()).toEqual(['r2 after m']);
    expect(setting.receive(R2, setting.page({ cursor: LATER, next: undefined }))).toBe(true);
    expect(setting.install.step()).toMatchObject({ first: false, last: true });
    expect(setting.persisted()).toEqual([]);
  });

  it('takes no page it did not ask for: of another session, peer or place, or a second time', () => {
    const setting = new Setting();
    setting.hear(R2, STATE);
    expect(setting.receive(R2, setting.page())).toBe(false);
    setting.tick();
    expect(setting.receive(R3, setting.page())).toBe(false);
    expect(setting.receive(R2, setting.page({ session: setting.session + 1 }))).toBe(false);
    expect(setting.receive(R2, setting.page({ cursor: LATER }))).toBe(false);
    expect(setting.receive(R2, setting.page({ cursor: { table: 'retries', after: undefined } }))).toBe(false);
    expect(setting.receive(R2, setting.page())).toBe(true);
    expect(setting.receive(R2, setting.page())).toBe(false);
  });

  it('asks again for a page that does not come, then another peer, in a new session from the start', () => {
    const setting = new Setting();
    setting.hear(R2, STATE);
    setting.tick();
    const first = setting.session;
    expect(setting.tick(LIMITS.fetchTimeoutMs - 1)).toEqual([]);
    setting.hear(R2, STATE);
    expect(setting.tick(1)).toEqual(['r2 after start']);
    expect(setting.tick(LIMITS.fetchTimeoutMs)).toEqual(['r2 after start']);
    expect(setting.session).toBe(first);
    setting.nowMs += LIMITS.fetchTimeoutMs;
    setting.hear(R2, STATE);
    setting.hear(R3, STATE);
    expect(setting.tick()).toEqual(['r3 after start']);
    expect(setting.session).not.toBe(first);
  });

  it('never mixes two states: a session whose pages show different ones starts again', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 6]));
    setting.tick();
    setting.receive(R2, setting.page());
    setting.install.step();
    setting.persisted();
    const first = setting.session;
    setting.receive(R2, setting.page({ cursor: LATER, vector: vector([B, 6]) }));
    expect(setting.install.step()).toBeUndefined();
    expect(setting.tick()).toEqual(['r2 after start']);
    expect(setting.session).not.toBe(first);
    setting.receive(R2, setting.page({ vector: vector([B, 6]) }));
    expect(setting.install.step()).toMatchObject({ first: true, own: EMPTY });
    setting.persisted();
    setting.receive(R2, setting.page({ cursor: LATER, vector: vector([B, 6]), forgotten: vector([B, 1]) }));
    expect(setting.install.step()).toBeUndefined();
  });

  it('starts again when the session is gone, but not while a page of it is at hand', () => {
    const setting = new Setting();
    setting.hear(R2, STATE);
    setting.tick();
    setting.install.gone(R3, setting.session);
    setting.install.gone(R2, setting.session + 1);
    expect(setting.tick()).toEqual([]);
    setting.install.gone(R2, setting.session);
    expect(setting.tick()).toEqual(['r2 after start']);
    setting.receive(R2, setting.page());
    setting.install.gone(R2, setting.session);
    expect(setting.install.step()).toBeDefined();
  });

  it('can be given up until the first page was merged, and not after', () => {
    const setting = new Setting();
    setting.hear(R2, STATE);
    expect(setting.install.isIdle).toBe(true);
    setting.tick();
    expect(setting.install.isIdle).toBe(false);
    setting.install.gone(R2, setting.session);
    expect(setting.install.isIdle).toBe(true);
    setting.tick();
    setting.receive(R2, setting.page());
    setting.install.step();
    setting.persisted();
    setting.install.gone(R2, setting.session);
    expect(setting.install.isIdle).toBe(false);
    expect(new Setting(EMPTY, undefined, { target: undefined }).install.isIdle).toBe(false);
  });

  it('asks only peers that have something we lack', () => {
    const setting = new Setting(vector([B, 5], [C, 1]), undefined);
    setting.hear(R2, STATE);
    expect(setting.tick()).toEqual([]);
    setting.hear(R3, vector([C, 2]));
    expect(setting.tick()).toEqual(['r3 after start']);
  });

  it('ends no lower than any page it has merged, for as long as there is hope', () => {
    const setting = new Setting();
    setting.hear(R2, STATE);
    setting.tick();
    setting.receive(R2, setting.page());
    setting.install.step();
    setting.persisted();
    setting.install.gone(R2, setting.session);
    setting.nowMs += LIMITS.peerTimeoutMs;
    setting.hear(R3, vector([B, 4]));
    expect(setting.tick()).toEqual([]);
    setting.hear(R3, vector([B, 6]));
    expect(setting.tick()).toEqual(['r3 after start']);
    expect(setting.receive(R3, setting.page({ vector: vector([B, 4]) }))).toBe(true);
    expect(setting.install.step()).toBeUndefined();
    expect(setting.tick()).toEqual(['r3 after start']);
    setting.receive(R3, setting.page({ vector: vector([B, 6]) }));
    expect(setting.install.step()).toBeDefined();
  });

  it('knows after a crash how far it must reach, and settles for less only when nobody has it', () => {
    const setting = new Setting(EMPTY, undefined, { target: vector([B, 5]) });
    setting.hear(R3, vector([B, 4]));
    expect(setting.tick()).toEqual([]);
    setting.nowMs += LIMITS.snapshotIdleMs;
    setting.hear(R3, vector([B, 4]));
    expect(setting.tick()).toEqual(['r3 after start']);
    expect(setting.receive(R3, setting.page({ vector: vector([B, 4]) }))).toBe(true);
    expect(setting.install.step()).toBeDefined();
  });

  it('asks at once when the transport is back, unless a page is at hand', () => {
    const setting = new Setting();
    setting.hear(R2, STATE);
    expect(setting.install.reconnected(0)).toEqual([]);
    setting.tick();
    expect(setting.install.reconnected(1).length).toBe(1);
    setting.receive(R2, setting.page());
    expect(setting.install.reconnected(2)).toEqual([]);
  });
});
