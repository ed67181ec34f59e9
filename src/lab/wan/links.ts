/** Puts the distances of a preset between the replicas of a lab, by the same link faults that anybody can set. */
import { LIMITS } from '../../base/limits.js';
import { tellEvery } from '../faults-call.js';
import { type WanLink, type WanPreset, wanLinks } from './presets.js';

interface Replica {
  readonly id: string;
  readonly url: string;
}

/** Links heal by themselves after this, and are set anew long before. */
const RENEW_MS = LIMITS.faultMaxTtlMs / 4;

/** @throws CausewayError if a replica does not take it. */
export async function stretchLinks(replicas: readonly Replica[], preset: WanPreset): Promise<void> {
  const links = wanLinks(
    preset,
    replicas.map(({ id }) => id),
  );
  for (const link of links) await stretchLink(replicas, link);
}

export async function stretchLink(replicas: readonly Replica[], { from, to, ...delays }: WanLink): Promise<void> {
  await tellEvery(replicas, 'PUT', linkPath(from, to), { ...delays, ttlMs: LIMITS.faultMaxTtlMs });
}

/** For a lab that runs for hours. Returns what ends it. */
export function keepLinksStretched(
  replicas: readonly Replica[],
  preset: WanPreset,
  report: (line: string) => void,
): () => void {
  const renewing = setInterval(() => {
    stretchLinks(replicas, preset).catch((error: unknown) => {
      report(`the distances of ${preset.name} were not renewed: ${error instanceof Error ? error.message : error}`);
    });
  }, RENEW_MS);
  renewing.unref();
  return () => clearInterval(renewing);
}

export function linkPath(from: string, to: string): string {
  return `/v1/faults/links/${encodeURIComponent(from)}/${encodeURIComponent(to)}`;
}
