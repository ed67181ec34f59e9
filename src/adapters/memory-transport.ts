/**
 * The transport port inside one process: members of one cluster joined by a network that exists only as timers of the
 * time port. With a virtual clock and a seeded source of randomness a whole run is a function of its seed.
 */
import type { ReplicaId } from '../base/ids.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import type { Transport, TransportStatus } from '../ports/transport.js';

/**
 * How the network treats one message from `from` to `to`: a list of delays in milliseconds, one for each copy that
 * arrives. An empty list is loss, two entries are duplication.
 */
export type DeliveryPolicy = (from: ReplicaId, to: ReplicaId, bytes: Uint8Array) => readonly number[];

export interface MemoryNetworkOptions {
  readonly time: Time;
  readonly random: Random;
  /** Defaults to one copy after a random delay under a millisecond, so that messages overtake each other. */
  readonly deliver?: DeliveryPolicy;
}

export interface MemoryNetwork {
  /** Two members may share an id, as two misconfigured processes would; both get what is sent to it. */
  connect(self: ReplicaId): Transport;
  /** Take the whole network down (messages under way are lost) or bring it up. It starts up. */
  setOnline(online: boolean): void;
}

interface Member {
  readonly self: ReplicaId;
  receive: ((bytes: Uint8Array) => void) | undefined;
  report: ((status: TransportStatus) => void) | undefined;
}

const DEFAULT_DELAY_MAX_MS = 1;

export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  const { time, random } = options;
  const policy: DeliveryPolicy = options.deliver ?? (() => [random.float() * DEFAULT_DELAY_MAX_MS]);
  const members = new Set<Member>();
  let online = true;
  /** Counts outages: a message is delivered only within the one it was sent in. */
  let epoch = 0;

  const status = (): TransportStatus => ({ connected: online, description: 'memory' });

  function transmit(from: Member, to: Member, bytes: Uint8Array): void {
    const sentIn = epoch;
    for (const delayMs of policy(from.self, to.self, bytes)) {
      // A copy of its own for each delivery, as between processes; `slice` of a Buffer would be none.
      const copy = new Uint8Array(bytes);
      time.after(delayMs, () => {
        if (online && epoch === sentIn && members.has(to)) to.receive?.(copy);
      });
    }
  }

  function connect(self: ReplicaId): Transport {
    const member: Member = { self, receive: undefined, report: undefined };
    members.add(member);
    const others = (wanted: (other: Member) => boolean): Member[] =>
      online && members.has(member) ? [...members].filter((other) => other !== member && wanted(other)) : [];
    return {
      send(to, bytes) {
        for (const other of others(({ self: id }) => id === to)) transmit(member, other, bytes);
      },
      broadcast(bytes) {
        for (const other of others(() => true)) transmit(member, other, bytes);
      },
      onMessage(handler) {
        member.receive = handler;
      },
      onStatus(handler) {
        member.report = handler;
      },
      status: () => ({ ...status(), connected: online && members.has(member) }),
      close() {
        members.delete(member);
        return Promise.resolve();
      },
    };
  }

  return {
    connect,
    setOnline(next) {
      if (next === online) return;
      online = next;
      epoch += 1;
      for (const member of [...members]) member.report?.(status());
    },
  };
}
