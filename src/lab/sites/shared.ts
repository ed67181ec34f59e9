/** Replicas on loopback that meet at one broker. */
import { CausewayError } from '../../base/errors.js';
import type { BrokerChoice } from '../broker-choice.js';
import type { Guard } from '../guard.js';
import { PortLeases } from './port-leases.js';
import type { LabNats, Surroundings } from './site.js';

const BROKER = 'shared';

export async function sharedSurroundings(choice: BrokerChoice, guard: Guard, basePort: number): Promise<Surroundings> {
  const leases = new PortLeases(basePort);
  const nats = await openNats(choice, guard);
  return {
    nats,
    network: undefined,
    site: async (id) => ({ id, http: await leases.next(), natsUrl: nats.url, launcher: [] }),
    close: async () => leases.release(),
  };
}

async function openNats(choice: BrokerChoice, guard: Guard): Promise<LabNats> {
  if (choice.kind === 'external') {
    const refuse = async (): Promise<void> => {
      throw new CausewayError('invalid-config', `the NATS server at ${choice.url} is not this lab's to stop or start`);
    };
    return { url: choice.url, choice, stop: refuse, start: refuse };
  }
  const order = choice.kind === 'binary' ? choice : ({ kind: 'embedded' } as const);
  const { url, port } = await guard.startBroker(BROKER, order, 0);
  return {
    url,
    choice,
    stop: () => guard.stopBroker(BROKER),
    start: async () => void (await guard.startBroker(BROKER, order, port)),
  };
}
