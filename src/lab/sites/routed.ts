/** Replicas on loopback with a nats-server each, and a proxy of the lab on each route between two servers. */
import type { BrokerChoice } from '../broker-choice.js';
import type { Guard } from '../guard.js';
import { OwnBrokers } from './own-brokers.js';
import { PortLeases } from './port-leases.js';
import type { LabNetwork, Site, Surroundings } from './site.js';
import { TcpLink } from './tcp-link.js';

/** Servers tell each other of third ones; where nobody listens they find no way around the proxies. */
const NOWHERE = '127.0.0.1:1';

interface Route {
  /** The later server dials the earlier one. */
  readonly dialling: string;
  readonly dialled: string;
  readonly link: TcpLink;
}

export async function routedSurroundings(choice: BrokerChoice, guard: Guard, basePort: number): Promise<Surroundings> {
  const brokers = new OwnBrokers(choice, guard);
  const leases = new PortLeases(basePort);
  const routes: Route[] = [];
  const routeUrls = new Map<string, URL>();
  const site = async (id: string): Promise<Site> => {
    for (const [dialled, { hostname: host, port }] of routeUrls) {
      routes.push({ dialling: id, dialled, link: await TcpLink.open({ host, port: Number(port) }) });
    }
    const own = routes.filter(({ dialling }) => dialling === id);
    const dialled = own.map(({ link: { address } }) => `nats-route://${address.host}:${address.port}`);
    const started = await brokers.add(id, {}, { routes: dialled, advertise: NOWHERE });
    routeUrls.set(id, started.route);
    return { id, http: await leases.next(), natsUrl: started.url, launcher: [] };
  };
  return {
    nats: brokers,
    network: networkOf(routes),
    site,
    close: async () => {
      leases.release();
      await Promise.all(routes.map(({ link }) => link.close()));
    },
  };
}

function networkOf(routes: readonly Route[]): LabNetwork {
  return {
    cut: async (from, to) => {
      for (const { dialling, dialled, link } of routes) {
        if (dialling === from && dialled === to) link.hold('forth');
        if (dialling === to && dialled === from) link.hold('back');
      }
    },
    sever: async (one, other) => {
      for (const { dialling, dialled, link } of routes) {
        const ends = [dialling, dialled];
        if (ends.includes(one) && ends.includes(other)) link.sever();
      }
    },
    slow: async (delayMs) => {
      for (const { link } of routes) link.delay(delayMs);
    },
    heal: async () => {
      for (const { link } of routes) link.heal();
    },
  };
}
