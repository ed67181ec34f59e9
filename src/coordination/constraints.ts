/**
 * Declared unique constraints. The index of a constraint - which key holds which value - is part of the state and kept by
 * the same entry that writes the key, so that two writers of one value can never both win.
 *
 * Writes of the weaker levels that were made before they could know of the constraint are adopted like any other; where
 * they break it, the holder of a value stays its holder, and the other key must change before it is written again.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { type Refusal, refusal } from '../base/refusal.js';
import type { ShownValue, ValueChange } from '../base/shown-value.js';
import { StateOverlay, type StateReader } from '../base/state-table.js';
import type { CoordinationAnswer } from './answer.js';
import { type Catalog, type Constraint, readCatalog, writeCatalog } from './catalog.js';
import type { Declare } from './command.js';
import { type JsonPointer, parseJsonPointer } from './json-pointer.js';
import { uniqueKey, uniqueRange } from './state-keys.js';
import { type UniqueField, uniqueField } from './unique-field.js';

/** Index entries of dropped constraints that one entry of the log deletes. */
const SWEPT_PER_ENTRY = 256;

/** `shown` lists the values of the keys under a prefix. */
export function declare(
  state: StateOverlay,
  index: number,
  command: Declare,
  shown: (prefix: string) => Iterable<ShownValue>,
): CoordinationAnswer | Refusal {
  const { name, prefix, field } = command;
  const { constraints, dropped } = readCatalog(state);
  const known = constraints.find((constraint) => constraint.name === name);
  if (known?.prefix === prefix && known.field === field) return { kind: 'declared', created: false };
  const others = constraints.filter((constraint) => constraint !== known);
  if (others.length >= LIMITS.constraintsMax) {
    return refusal('invalid-request', `There are ${others.length} constraints already, as many as there may be.`);
  }
  if (known !== undefined && dropped.length >= LIMITS.constraintsMax) return stillSweeping(dropped.length);
  const index0 = buildIndex(command, shown(prefix));
  if (index0.kind === 'refused') return index0;
  for (const [text, key] of index0.holders) state.put(uniqueKey(index, text), utf8Encode(key));
  const declared = [...others, { name, prefix, field, generation: index }];
  writeCatalog(state, { constraints: declared, dropped: known ? [...dropped, known.generation] : dropped });
  return { kind: 'declared', created: known === undefined };
}

export function drop(state: StateOverlay, name: string): CoordinationAnswer | Refusal {
  const { constraints, dropped } = readCatalog(state);
  const known = constraints.find((constraint) => constraint.name === name);
  if (known === undefined) return { kind: 'dropped', existed: false };
  if (dropped.length >= LIMITS.constraintsMax) return stillSweeping(dropped.length);
  const kept = constraints.filter((constraint) => constraint !== known);
  writeCatalog(state, { constraints: kept, dropped: [...dropped, known.generation] });
  return { kind: 'dropped', existed: true };
}

/** Keep every constraint over the changes of one write, or refuse and change nothing. Values may swap keys. */
export function admitChanges(state: StateOverlay, changes: readonly ValueChange[]): Refusal | undefined {
  const catalog = sweep(state, readCatalog(state));
  if (catalog.constraints.length === 0) return undefined;
  const trial = new StateOverlay(state);
  for (const constraint of catalog.constraints) {
    const under = changesUnder(constraint, changes);
    for (const change of under) release(trial, constraint, change.key, change.before);
    for (const change of under) {
      const broken = take(trial, constraint, change.key, change.after);
      if (broken !== undefined) return broken;
    }
  }
  state.absorb(trial.writes());
  return undefined;
}

/** Follow changes that cannot be refused: an index entry goes to its first holder, and what cannot be judged has none. */
export function followChanges(state: StateOverlay, changes: readonly ValueChange[]): void {
  for (const constraint of readCatalog(state).constraints) {
    const under = changesUnder(constraint, changes);
    for (const change of under) release(state, constraint, change.key, change.before);
    for (const change of under) take(state, constraint, change.key, change.after);
  }
}

/** The key that shows `value` in the field of the constraint, if any. */
export function holderOf(state: StateReader, constraint: Constraint, text: string): string | undefined {
  const stored = state.get(uniqueKey(constraint.generation, text));
  return stored && utf8Decode(stored);
}

/** Delete some of what dropped constraints left behind. */
export function sweep(state: StateOverlay, catalog: Catalog): Catalog {
  const [generation, ...later] = catalog.dropped;
  if (generation === undefined) return catalog;
  const { gte, lt } = uniqueRange(generation);
  const found: Uint8Array[] = [];
  for (const { key } of state.range(gte, lt)) {
    found.push(key);
    if (found.length >= SWEPT_PER_ENTRY) break;
  }
  for (const key of found) state.delete(key);
  if (found.length >= SWEPT_PER_ENTRY) return catalog;
  const swept = { ...catalog, dropped: later };
  writeCatalog(state, swept);
  return swept;
}

/** The index over what is there already, or the keys that break the constraint. */
function buildIndex(
  { name, prefix, field }: Declare,
  values: Iterable<ShownValue>,
): { readonly kind: 'index'; readonly holders: ReadonlyMap<string, string> } | Refusal {
  const pointer = pointerOf(field);
  const holders = new Map<string, string>();
  const offenders = new Set<string>();
  let count = 0;
  for (const { key, bytes } of values) {
    count += 1;
    if (count > LIMITS.constraintDeclareMaxKeys) {
      const bound = `more than ${LIMITS.constraintDeclareMaxKeys} keys begin with ${JSON.stringify(prefix)}`;
      return refusal('invalid-request', `The constraint cannot be declared any more: ${bound}.`);
    }
    const found = uniqueField(bytes, pointer);
    if (found.kind === 'none') continue;
    const holder = found.kind === 'value' ? holders.get(found.text) : undefined;
    if (found.kind === 'unusable' || holder !== undefined) {
      if (holder !== undefined) offenders.add(holder);
      offenders.add(key);
      if (offenders.size >= LIMITS.constraintOffendersMax) break;
    } else holders.set(found.text, key);
  }
  if (offenders.size === 0) return { kind: 'index', holders };
  const keys = [...offenders].slice(0, LIMITS.constraintOffendersMax);
  const detail = `The constraint ${JSON.stringify(name)} is broken by ${keys.map((key) => JSON.stringify(key)).join(', ')}.`;
  return refusal('unique-violation', detail, { keys });
}

function changesUnder({ prefix }: Constraint, changes: readonly ValueChange[]): readonly ValueChange[] {
  return changes.filter(({ key }) => key.startsWith(prefix));
}

function release(state: StateOverlay, constraint: Constraint, key: string, before: Uint8Array | undefined): void {
  const field = fieldOf(constraint, before);
  if (field.kind !== 'value' || holderOf(state, constraint, field.text) !== key) return;
  state.delete(uniqueKey(constraint.generation, field.text));
}

function take(
  state: StateOverlay,
  constraint: Constraint,
  key: string,
  after: Uint8Array | undefined,
): Refusal | undefined {
  const field = fieldOf(constraint, after);
  if (field.kind === 'none') return undefined;
  const { name, generation } = constraint;
  if (field.kind === 'unusable') {
    const detail = `The value of ${JSON.stringify(key)} ${field.reason}; the constraint ${JSON.stringify(name)} is over it.`;
    return refusal('invalid-request', detail);
  }
  const holder = holderOf(state, constraint, field.text);
  if (holder !== undefined && holder !== key) {
    const detail = `The constraint ${JSON.stringify(name)} gives ${field.text} to the key ${JSON.stringify(holder)}.`;
    return refusal('unique-violation', detail, { owner: holder });
  }
  state.put(uniqueKey(generation, field.text), utf8Encode(key));
  return undefined;
}

function fieldOf(constraint: Constraint, bytes: Uint8Array | undefined): UniqueField {
  return bytes === undefined ? { kind: 'none' } : uniqueField(bytes, pointerOf(constraint.field));
}

/** Of a field that a command has carried, which was parsed before. */
function pointerOf(field: string): JsonPointer {
  const parsed = parseJsonPointer(field);
  return parsed.kind === 'pointer' ? parsed.pointer : { tokens: [] };
}

function stillSweeping(dropped: number): Refusal {
  return refusal('overloaded', `The indexes of ${dropped} dropped constraints are not deleted yet.`);
}
