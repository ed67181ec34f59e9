/** Which faults a lab can have depends on what carries its messages. */
import { expect, test } from 'vitest';
import type { LabNats, LabNetwork } from '../../../../src/lab/sites/site.js';
import type { Grounds } from '../../../../src/lab/workload/fault.js';
import { type FaultName, faultsOf } from '../../../../src/lab/workload/faults.js';

const done = async (): Promise<void> => undefined;
const WHOLE: LabNetwork = { cut: done, sever: done, slow: done, heal: done };

function grounds(kind: 'external' | 'embedded', network?: LabNetwork): Grounds {
  const choice = kind === 'external' ? { kind, url: 'nats://nats:4222' } : { kind, why: 'it was asked for' };
  const nats: LabNats = { url: 'nats://127.0.0.1:1', choice, stop: done, start: done };
  return { nats, network };
}

function differing(one: Grounds, other: Grounds): readonly FaultName[] {
  const known = new Set(faultsOf(one));
  return faultsOf(other).filter((fault) => !known.has(fault));
}

test('a server that is not the lab’s own is not killed', () => {
  expect(differing(grounds('external'), grounds('embedded'))).toEqual(['kill a NATS server']);
});

test('what is between servers can be cut only where each replica has its own', () => {
  const more = differing(grounds('embedded'), grounds('embedded', { ...WHOLE, slow: undefined }));
  expect(more).toEqual([
    'kill every NATS server',
    'unplug one',
    'unplug the leader',
    'mute the leader',
    'deafen one',
    'break one route',
    'break the routes of the leader',
  ]);
});

test('routes are slowed only by a network that can do it', () => {
  const [slow, fast] = [grounds('embedded', WHOLE), grounds('embedded', { ...WHOLE, slow: undefined })];
  expect(differing(fast, slow)).toEqual(['slow routes']);
});
