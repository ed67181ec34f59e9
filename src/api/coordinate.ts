/** What the routes of coordination objects share: a command put to the total order, and a look at an object at any level. */
import { assert } from '../base/assert.js';
import { CausewayError, type ErrorCode } from '../base/errors.js';
import type { CoordinateRequest, CoordinateResult, ObjectName, ObjectState } from '../replica/ordered-handle.js';
import type { Exchange } from './exchange.js';
import { Query } from './query.js';
import { refuse } from './refuse.js';
import type { LinearizableContext } from './request-context.js';
import { queryText } from './request-target.js';
import { orderedReplica, strongLevelNow } from './served-levels.js';
import { idempotencyKeyOf } from './write-headers.js';

type CommandAnswer = CoordinateResult['answer'];
type AnswerOf<K extends CommandAnswer['kind']> = Extract<CommandAnswer, { readonly kind: K }>;
type StateOf<K extends ObjectState['kind']> = Extract<ObjectState, { readonly kind: K }>;

export interface Coordinated<K extends CommandAnswer['kind']> {
  readonly answer: AnswerOf<K>;
  /** Names and values in turn, for the answer of the route. */
  readonly headers: readonly string[];
}

const PARAMETERS = ['consistency'];
const WRITE_ONLY_HEADERS = ['if-match', 'if-none-match', 'fencing-token'];

/**
 * The context of a request that is linearizable without saying so, and may ask for nothing else; `code` is what others
 * are refused with.
 *
 * @throws CausewayError
 */
export function linearizableOnly(exchange: Exchange, code: ErrorCode, detail: string): LinearizableContext {
  exchange.needsOrder = true;
  const query = Query.parse(queryText(exchange.request.originalUrl), PARAMETERS);
  const context = exchange.openContext(query.one('consistency'), 'linearizable');
  if (context.level === 'linearizable') return context;
  throw new CausewayError(code, detail, { served: strongLevelNow(exchange.service.replica) });
}

/** Run a command that is answered with `kind`. @throws CausewayError */
export async function coordinate<K extends CommandAnswer['kind']>(
  exchange: Exchange,
  command: CoordinateRequest['command'],
  kind: K,
): Promise<Coordinated<K>> {
  const detail = 'Coordination objects are in the log: only reads of them are served at weaker levels.';
  const context = linearizableOnly(exchange, 'level-too-weak', detail);
  refuseWriteHeaders(exchange);
  const key = exchange.headers['idempotency-key'];
  const request = typeof key === 'string' ? { command, idempotencyKey: idempotencyKeyOf(key) } : { command };
  const result = await orderedReplica(exchange.service.replica).coordinate(request, context);
  exchange.dependsOn(result.token, result.timing);
  const { answer } = result;
  assert(isOf(answer, kind), 'command with the answer of another', { command: command.kind, answer: answer.kind });
  return { answer, headers: result.replayed ? ['Idempotent-Replayed', 'true'] : [] };
}

/** Look at an object: at `linearizable`, or at the weaker level that the request names. @throws CausewayError */
export async function readObject<K extends ObjectState['kind']>(
  exchange: Exchange,
  name: ObjectName & { readonly kind: K },
): Promise<StateOf<K>> {
  const query = Query.parse(queryText(exchange.request.originalUrl), PARAMETERS);
  const context = exchange.openContext(query.one('consistency'), 'linearizable');
  const { state, token, timing } = await orderedReplica(exchange.service.replica).object(name, context);
  exchange.dependsOn(token, timing);
  const { kind }: { readonly kind: K } = name;
  assert(isStateOf(state, kind), 'object of another kind', { asked: kind, found: state.kind });
  return state;
}

/** A header that would be ignored promises what nobody keeps. */
function refuseWriteHeaders({ headers }: Exchange): void {
  for (const name of WRITE_ONLY_HEADERS) {
    if (headers[name] !== undefined) refuse(`The header ${name} belongs to writes of keys.`);
  }
}

function isOf<K extends CommandAnswer['kind']>(answer: CommandAnswer, kind: K): answer is AnswerOf<K> {
  return answer.kind === kind;
}

function isStateOf<K extends ObjectState['kind']>(state: ObjectState, kind: K): state is StateOf<K> {
  return state.kind === kind;
}
