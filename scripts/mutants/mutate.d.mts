import type { Mutant } from './catalog.mjs';

export function mutate(text: string, mutant: Mutant): string;
