/** What a phase does to the network of a lab, who is on which side of it, and how it is undone. */
import { LIMITS } from '../../base/limits.js';
import type { Lab } from '../cluster.js';
import { tellEvery } from '../faults-call.js';
import { linkPath, stretchLink } from '../wan/links.js';
import { type WanPreset, wanLinks } from '../wan/presets.js';
import { leaderOf } from '../workload/control.js';
import type { Along } from './conversations.js';
import type { Trouble } from './plan.js';

/** Replicas that fare alike in a phase. */
export interface Side {
  readonly name: string;
  readonly replicas: readonly string[];
}

export interface Struck {
  readonly sides: readonly Side[];
  /** In words. */
  readonly what: string;
  /** The link that others overtake, if there is one. */
  readonly slowLink?: Along;
  heal(): Promise<void>;
}

const TTL_MS = LIMITS.faultMaxTtlMs;
const PARTITION = '/v1/faults/partitions/compare';

export async function strike(lab: Lab, trouble: Trouble, preset: WanPreset | undefined): Promise<Struck> {
  const ids = lab.replicas.map(({ id }) => id);
  const leader = (await leaderOf(lab))?.replica.id ?? (ids[0] as string);
  const followers = ids.filter((id) => id !== leader);
  const last = followers.at(-1) ?? leader;
  switch (trouble.kind) {
    case 'none':
      return { sides: [{ name: 'all', replicas: ids }], what: 'no fault', heal: async () => undefined };
    case 'slow-link':
      return slowLink(lab, followers[0] ?? leader, last, trouble.extraMs, preset);
    case 'partition':
      return partition(lab, minorityOf(trouble.minority, leader, followers), leader);
    case 'one-way':
      return muffle(lab, last, preset);
  }
}

/** As many as can be cut off while a majority stays. */
function minorityOf(kind: 'followers' | 'leader', leader: string, followers: readonly string[]): readonly string[] {
  const size = Math.floor(followers.length / 2);
  return kind === 'followers' ? followers.slice(followers.length - size) : [leader, ...followers.slice(0, size - 1)];
}

async function partition(lab: Lab, minority: readonly string[], leader: string): Promise<Struck> {
  const majority = lab.replicas.map(({ id }) => id).filter((id) => !minority.includes(id));
  await tellEvery(lab.replicas, 'PUT', PARTITION, { groups: [minority, majority], ttlMs: TTL_MS });
  return {
    sides: [
      { name: 'minority', replicas: minority },
      { name: 'majority', replicas: majority },
    ],
    what: `${minority.join(', ')} cut off from ${majority.join(', ')}; ${leader} led`,
    heal: () => tellEvery(lab.replicas, 'DELETE', PARTITION),
  };
}

async function slowLink(
  lab: Lab,
  from: string,
  to: string,
  extraMs: number,
  preset: WanPreset | undefined,
): Promise<Struck> {
  const usual = usualLink(lab, from, to, preset);
  const slow = { ...usual, delayMs: usual.delayMs + extraMs };
  await stretchLink(lab.replicas, slow);
  return {
    sides: sidesAround('behind the link', [to], lab),
    what: `${from} to ${to} takes ${extraMs} ms longer`,
    slowLink: { from, to },
    heal: () => restore(lab, from, to, preset),
  };
}

/** Nobody hears the victim. */
async function muffle(lab: Lab, victim: string, preset: WanPreset | undefined): Promise<Struck> {
  const others = lab.replicas.map(({ id }) => id).filter((id) => id !== victim);
  const cut = { drop: 1, ttlMs: TTL_MS };
  for (const other of others) await tellEvery(lab.replicas, 'PUT', linkPath(victim, other), cut);
  return {
    sides: sidesAround('not heard', [victim], lab),
    what: `nothing that ${victim} sends arrives, and it hears everything`,
    heal: async () => {
      for (const other of others) await restore(lab, victim, other, preset);
    },
  };
}

function sidesAround(name: string, replicas: readonly string[], lab: Lab): readonly Side[] {
  const others = lab.replicas.map(({ id }) => id).filter((id) => !replicas.includes(id));
  return [
    { name, replicas },
    { name: 'others', replicas: others },
  ];
}

async function restore(lab: Lab, from: string, to: string, preset: WanPreset | undefined): Promise<void> {
  if (preset === undefined) await tellEvery(lab.replicas, 'DELETE', linkPath(from, to));
  else await stretchLink(lab.replicas, usualLink(lab, from, to, preset));
}

function usualLink(lab: Lab, from: string, to: string, preset: WanPreset | undefined) {
  const ids = lab.replicas.map(({ id }) => id);
  const links = preset === undefined ? [] : wanLinks(preset, ids);
  const usual = links.find((link) => link.from === from && link.to === to);
  return usual ?? { from, to, delayMs: 0, jitterMs: 0 };
}
