/** HTTP addresses on loopback for the replicas of one lab, one after the other. */
import { leasePorts, type PortLease } from '../port-lease.js';

export class PortLeases {
  readonly #basePort: number;
  readonly #leases: PortLease[] = [];

  /** @param basePort addresses have the free ports from here upwards */
  constructor(basePort: number) {
    this.#basePort = basePort;
  }

  /** `host:port`. @throws CausewayError `port-in-use` if no port is free */
  async next(): Promise<string> {
    const lease = await leasePorts(1, this.#basePort);
    this.#leases.push(lease);
    return `127.0.0.1:${lease.ports[0]}`;
  }

  release(): void {
    for (const lease of this.#leases.splice(0)) lease.release();
  }
}
