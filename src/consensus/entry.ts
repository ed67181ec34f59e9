/** What the log is made of. */
import type { Configuration } from './configuration.js';

interface Placed {
  readonly index: number;
  readonly term: number;
}

/** What somebody proposed; opaque here. */
export interface CommandEntry extends Placed {
  readonly kind: 'command';
  readonly bytes: Uint8Array;
}

/** Counts from the moment it is in the log. */
export interface ConfigurationEntry extends Placed {
  readonly kind: 'configuration';
  readonly configuration: Configuration;
}

/** What a new leader appends first: only an entry of its own term tells it what is committed. */
export interface EmptyEntry extends Placed {
  readonly kind: 'empty';
}

export type Entry = CommandEntry | ConfigurationEntry | EmptyEntry;

/** An entry that has no place yet. */
export type Proposal =
  | Omit<CommandEntry, 'index' | 'term'>
  | Omit<ConfigurationEntry, 'index' | 'term'>
  | Omit<EmptyEntry, 'index' | 'term'>;

/** Roughly what an entry costs in a message or in memory beside its body. */
const ENTRY_OVERHEAD_BYTES = 16;
const MEMBER_BYTES = 48;

export function entrySizeBytes(entry: Entry | Proposal): number {
  switch (entry.kind) {
    case 'command':
      return ENTRY_OVERHEAD_BYTES + entry.bytes.length;
    case 'configuration': {
      const { voters, outgoing, learners } = entry.configuration;
      return ENTRY_OVERHEAD_BYTES + MEMBER_BYTES * (voters.length + outgoing.length + learners.length);
    }
    case 'empty':
      return ENTRY_OVERHEAD_BYTES;
  }
}

export function placeProposal(proposal: Proposal, index: number, term: number): Entry {
  switch (proposal.kind) {
    case 'command':
      return { kind: 'command', index, term, bytes: proposal.bytes };
    case 'configuration':
      return { kind: 'configuration', index, term, configuration: proposal.configuration };
    case 'empty':
      return { kind: 'empty', index, term };
  }
}
