/**
 * Clients that read and write a few keys at all levels and remember what they were told, as a history that checkers can
 * judge. Every value is written once, so that a read tells which write it saw.
 */
import { jsonText } from './json-text.js';
import { Draw } from './draw.js';
import type { HistoryOperation, RecordedLevel } from './history.js';
import type { Answered, Requests, Sent } from './one-request.js';

export interface RegisterWorkload {
  readonly requests: Requests;
  readonly replicas: readonly [string, ...string[]];
  readonly keys: readonly [string, ...string[]];
  readonly clients: number;
  /** In all; they end when so many were begun. */
  readonly operations: number;
  readonly seed: number;
  readonly timeoutMs: number;
  /** Called when an operation has ended, in no particular order. */
  readonly record: (operation: HistoryOperation) => void;
}

/** What a client is about to ask, and how it reads the answer. */
interface Plan {
  readonly op: HistoryOperation['op'];
  readonly key: string;
  readonly level: RecordedLevel;
  readonly durability?: 'local' | 'majority';
  readonly value?: string | null;
  readonly expect?: string | null;
  readonly sent: Sent;
  /** What a read has found; not called for others. */
  readonly output?: (answer: Answered) => string | null;
}

const KINDS = [
  [38, 'read'],
  [16, 'write'],
  [14, 'cas'],
  [6, 'create'],
  [6, 'delete'],
  [10, 'txn'],
  [10, 'weak-write'],
] as const;

export async function runRegisterClients(workload: RegisterWorkload): Promise<void> {
  let begun = 0;
  const client = async (process: number): Promise<void> => {
    const own = new RegisterClient(workload, process);
    while (begun < workload.operations) {
      begun += 1;
      await own.step();
    }
  };
  await Promise.all(Array.from({ length: workload.clients }, (_, process) => client(process)));
}

class RegisterClient {
  readonly #workload: RegisterWorkload;
  readonly #process: number;
  readonly #draw: Draw;
  /** Last value seen of a key, with the entity tag that names it. */
  readonly #seen = new Map<string, { readonly value: string; readonly etag: string }>();
  #replica: string;
  #written = 0;

  constructor(workload: RegisterWorkload, process: number) {
    this.#workload = workload;
    this.#process = process;
    this.#draw = new Draw(workload.seed * 1_009 + process);
    this.#replica = this.#draw.one(workload.replicas);
  }

  async step(): Promise<void> {
    const plan = this.#plan();
    const invoke = nowNs();
    const replica = this.#replica;
    const answer = await this.#workload.requests.send(replica, plan.sent);
    const isAbsent = plan.op === 'read' && answer.code === 404;
    const status = isAbsent ? 'ok' : answer.status;
    const found = status === 'ok' && plan.output !== undefined ? { output: plan.output(answer) } : {};
    this.#workload.record({
      process: this.#process,
      session: `s${this.#process}`,
      replica,
      op: plan.op,
      level: plan.level,
      key: plan.key,
      invoke,
      complete: status === 'info' ? null : nowNs(),
      status,
      ...(plan.durability === undefined ? {} : { durability: plan.durability }),
      ...(plan.value === undefined ? {} : { value: plan.value }),
      ...(plan.expect === undefined ? {} : { expect: plan.expect }),
      ...found,
    });
    if (status === 'ok') this.#remember(plan, answer);
    else this.#seen.delete(plan.key);
    const moves = status === 'ok' ? this.#draw.float() < 0.02 : answer.code !== 412;
    if (moves) this.#replica = this.#draw.one(this.#workload.replicas);
    if (answer.code === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #plan(): Plan {
    const key = this.#draw.one(this.#workload.keys);
    const kind = this.#draw.weighted(KINDS);
    const headers = { 'consistency-level': `linearizable;timeout=${this.#workload.timeoutMs}` };
    const path = `/v1/kv/${encodeURIComponent(key)}`;
    const common = { key, level: 'linearizable' } as const;
    switch (kind) {
      case 'read':
        return { ...common, op: 'read', sent: { method: 'GET', path, headers }, output: shownValue };
      case 'delete':
        return { ...common, op: 'delete', value: null, sent: { method: 'DELETE', path, headers } };
      case 'txn':
        return this.#txn(key);
      case 'weak-write':
        return this.#weakWrite(key, path);
      case 'cas': {
        const seen = this.#seen.get(key);
        if (seen === undefined) return { ...common, op: 'read', sent: { method: 'GET', path, headers }, output: shownValue };
        const value = this.#nextValue();
        const sent: Sent = { method: 'PUT', path, headers: { ...headers, 'if-match': seen.etag }, body: value };
        return { ...common, op: 'cas', expect: seen.value, value, sent };
      }
      case 'create': {
        const value = this.#nextValue();
        const sent: Sent = { method: 'PUT', path, headers: { ...headers, 'if-none-match': '*' }, body: value };
        return { ...common, op: 'create', value, sent };
      }
      case 'write': {
        const value = this.#nextValue();
        return { ...common, op: 'write', value, sent: { method: 'PUT', path, headers, body: value } };
      }
    }
  }

  /** A transaction that swaps a value if it is still the one seen: a CAS by value. */
  #txn(key: string): Plan {
    const expect = this.#seen.get(key)?.value ?? null;
    const value = this.#nextValue();
    const check = expect === null ? { key, etag: null } : { key, value: expect };
    const body = jsonText({ if: [check], then: [{ put: key, value }], else: [{ get: key }] });
    const headers = {
      'consistency-level': `linearizable;timeout=${this.#workload.timeoutMs}`,
      'content-type': 'application/json',
    };
    const sent: Sent = { method: 'POST', path: '/v1/txn', headers, body };
    return { op: 'cas', key, level: 'linearizable', expect, value, sent };
  }

  #weakWrite(key: string, path: string): Plan {
    const level = this.#draw.one(['causal', 'eventual']);
    const durability = this.#draw.one(['local', 'majority']);
    const value = this.#nextValue();
    const headers = { 'consistency-level': `${level};timeout=${this.#workload.timeoutMs}`, durability };
    return { op: 'write', key, level, durability, value, sent: { method: 'PUT', path, headers, body: value } };
  }

  #remember(plan: Plan, answer: Answered): void {
    const etag = answer.headers['etag'];
    if (plan.op === 'read' && answer.code === 200 && etag !== undefined) {
      this.#seen.set(plan.key, { value: answer.text, etag });
    } else if (plan.op !== 'read') this.#seen.delete(plan.key);
  }

  #nextValue(): string {
    this.#written += 1;
    return `p${this.#process}-${this.#written}`;
  }
}

function shownValue({ code, text }: Answered): string | null {
  return code === 404 ? null : text;
}

function nowNs(): number {
  return Math.round(performance.now() * 1e6);
}
