/** Several keys at once: pages by prefix, and chosen keys from one snapshot. */
import { LIMITS } from '../../base/limits.js';
import { absentEntry, listedEntry, winnerOf } from '../entries.js';
import type { Answer, Exchange } from '../exchange.js';
import { jsonAnswer } from '../json.js';
import { checkKey } from '../keys.js';
import { Query } from '../query.js';
import { refuse } from '../refuse.js';
import { queryText } from '../request-target.js';
import type { Page, Selection } from '../schemas.js';
import { orderedReplica } from '../served-levels.js';
import { readItem } from './items.js';

const PARAMETERS = ['consistency', 'prefix', 'after', 'limit', 'keys', 'key', 'format'];
const PAGE_PARAMETERS = ['prefix', 'after', 'limit'];
const LIMIT = /^[1-9][0-9]{0,3}$/;

/** `GET /v1/kv`: the query says whether it is a page, chosen keys, or one key (`?key=` given once and no `?keys=`). */
export function getKeys(exchange: Exchange): Answer | Promise<Answer> {
  const query = Query.parse(queryText(exchange.request.originalUrl), PARAMETERS);
  const lists = query.all('keys');
  const single = query.all('key');
  if (lists.length + single.length === 0) return getPage(exchange, query);
  for (const name of PAGE_PARAMETERS) {
    if (query.all(name).length > 0) return refuse(`The parameter "${name}" belongs to pages; here keys are chosen.`);
  }
  const [only] = single;
  if (only !== undefined && single.length === 1 && lists.length === 0) return readItem(exchange, query, checkKey(only));
  return getChosen(exchange, query, chosenKeys(lists, single));
}

async function getPage(exchange: Exchange, query: Query): Promise<Answer> {
  refuseFormat(query);
  const request = {
    prefix: keyPart(query, 'prefix'),
    after: keyPart(query, 'after'),
    limit: parseLimit(query.one('limit')),
  };
  const context = exchange.openContext(query.one('consistency'));
  const { replica } = exchange.service;
  const { states, next, token, timing } =
    context.level === 'linearizable'
      ? await orderedReplica(replica).list(request, context)
      : await replica.list(request, context);
  exchange.dependsOn(token, timing);
  const items = states.flatMap((state) => {
    const winner = winnerOf(state);
    return winner === undefined ? [] : [listedEntry(state.key, winner, state)];
  });
  const page: Page = { items, next: next ?? null, level: context.level, token: exchange.token };
  return jsonAnswer(page);
}

async function getChosen(exchange: Exchange, query: Query, keys: readonly string[]): Promise<Answer> {
  refuseFormat(query);
  const context = exchange.openContext(query.one('consistency'));
  const { replica } = exchange.service;
  const { states, token, timing } =
    context.level === 'linearizable'
      ? await orderedReplica(replica).readMany(keys, context)
      : await replica.readMany(keys, context);
  exchange.dependsOn(token, timing);
  const items = states.map((state) => {
    const winner = winnerOf(state);
    return winner === undefined ? absentEntry(state) : listedEntry(state.key, winner, state);
  });
  const selection: Selection = { items, level: context.level, token: exchange.token };
  return jsonAnswer(selection);
}

/** `keys` separates by commas; `key` is one key, commas and all. An empty `keys` only says that a list is wanted. */
function chosenKeys(lists: readonly string[], single: readonly string[]): readonly string[] {
  const listed = lists.filter((list) => list !== '').flatMap((list) => list.split(','));
  const keys = [...listed, ...single].map((key) => checkKey(key));
  if (keys.length === 0) return refuse('No key is named in "keys".');
  if (keys.length > LIMITS.multiGetMaxKeys) {
    return refuse(`${keys.length} keys are named; at most ${LIMITS.multiGetMaxKeys} are read at once.`);
  }
  return keys;
}

function refuseFormat(query: Query): void {
  if (query.one('format') !== undefined) refuse('The parameter "format" belongs to reads of one key.');
}

function keyPart(query: Query, name: 'prefix' | 'after'): string {
  const text = query.one(name) ?? '';
  return text === '' ? text : checkKey(text, `The parameter "${name}"`);
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return LIMITS.listDefaultItems;
  const limit = LIMIT.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LIMITS.listMaxItems) return refuse(`limit is a whole number, 1 to ${LIMITS.listMaxItems}.`);
  return limit;
}
