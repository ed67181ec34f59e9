/**
 * `Consistency-Level`: which level a request asks for and how long it may wait, as a structured field (RFC 9651) of one
 * token with the parameter `timeout`. What is not understood is refused: a level is a promise, and to serve another one
 * than was meant would break it silently.
 */
import { type Item, parseItem, Token } from 'structured-headers';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { quoted } from './refuse.js';

export type LevelName = 'eventual' | 'causal' | 'linearizable';

export interface AskedConsistency {
  readonly level: LevelName;
  readonly timeoutMs: number;
}

const LEVELS: readonly string[] = ['eventual', 'causal', 'linearizable'] satisfies readonly LevelName[];
const TIMEOUT = 'timeout';
const CACHED_MAX = 256;

const ASKED_CAUSAL: AskedConsistency = { level: 'causal', timeoutMs: LIMITS.timeoutDefaultMs };
const ASKED_EVENTUAL: AskedConsistency = { level: 'eventual', timeoutMs: LIMITS.timeoutDefaultMs };
const ASKED_LINEARIZABLE: AskedConsistency = { level: 'linearizable', timeoutMs: LIMITS.timeoutDefaultMs };
/** Clients send few distinct texts, each of them often. */
const cache = new Map<string, AskedConsistency>();

/**
 * What `header` and its alias, the query parameter `consistency`, ask for together; `unsaid` is the level of a request
 * that has neither.
 *
 * @throws CausewayError `invalid-consistency-level`
 */
export function parseConsistency(
  header: string | undefined,
  parameter: string | undefined,
  unsaid: 'causal' | 'linearizable',
): AskedConsistency {
  if (parameter === undefined) {
    if (header !== undefined) return parseOne(header);
    return unsaid === 'causal' ? ASKED_CAUSAL : ASKED_LINEARIZABLE;
  }
  const asked = parseOne(parameter);
  if (header === undefined) return asked;
  const other = parseOne(header);
  if (asked.level !== other.level || asked.timeoutMs !== other.timeoutMs) {
    return refuse(`The header asks for ${quoted(header)} and the query for ${quoted(parameter)}; send one of them.`);
  }
  return asked;
}

/** @throws CausewayError `invalid-consistency-level` */
export function parseLevel(text: string): LevelName {
  if (!LEVELS.includes(text)) return refuse(`${quoted(text)} is not a level; those are ${LEVELS.join(', ')}.`);
  return text as LevelName;
}

function parseOne(text: string): AskedConsistency {
  if (text === 'causal') return ASKED_CAUSAL;
  if (text === 'eventual') return ASKED_EVENTUAL;
  if (text === 'linearizable') return ASKED_LINEARIZABLE;
  const known = cache.get(text);
  if (known !== undefined) return known;
  const asked = parseField(text);
  if (cache.size >= CACHED_MAX) cache.clear();
  cache.set(text, asked);
  return asked;
}

function parseField(text: string): AskedConsistency {
  const [value, parameters] = parseStructured(text);
  if (!(value instanceof Token)) return refuse(`${quoted(text)} is not a level; those are ${LEVELS.join(', ')}.`);
  const level = parseLevel(value.toString());
  let timeoutMs: number = LIMITS.timeoutDefaultMs;
  for (const [name, setting] of parameters) {
    if (name !== TIMEOUT) return refuse(`The parameter ${quoted(name)} is unknown; ${TIMEOUT}=<ms> is the only one.`);
    timeoutMs = parseTimeout(setting, text);
  }
  // The grammar lets the last of several equal parameters win; here they are more likely a mistake than a wish.
  if (text.split(';').length > 2) return refuse(`The parameter ${TIMEOUT} is given more than once.`);
  return { level, timeoutMs };
}

function parseStructured(text: string): Item {
  try {
    return parseItem(text);
  } catch {
    return refuse(`${quoted(text)} is not one level with at most ;${TIMEOUT}=<ms>, and lists are not served.`);
  }
}

function parseTimeout(setting: unknown, text: string): number {
  const isInteger = typeof setting === 'number' && Number.isInteger(setting) && !text.includes('.');
  if (!isInteger || setting < 1 || setting > LIMITS.timeoutMaxMs) {
    return refuse(`${TIMEOUT} is a whole number of milliseconds, 1 to ${LIMITS.timeoutMaxMs}.`);
  }
  return setting;
}

function refuse(detail: string): never {
  throw new CausewayError('invalid-consistency-level', detail);
}
