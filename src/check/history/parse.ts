/** One line of a history file as a record; the format is `docs/HISTORY.md`, and `line.ts` writes it. */
import { Fields, type Place, refuseLine } from './fields.js';
import type {
  Durability,
  Fencing,
  HistoryRecord,
  Level,
  Status,
  TxnCheck,
  TxnOutput,
  TxnStep,
  Value,
} from './record.js';

const LEVELS: readonly Level[] = ['eventual', 'causal', 'linearizable'];
const DURABILITIES: readonly Durability[] = ['local', 'majority', 'all'];
const STATUSES: readonly Status[] = ['ok', 'fail', 'info'];
const OPERATIONS = [
  'read',
  'write',
  'cas',
  'create',
  'delete',
  'txn',
  'acquire',
  'renew',
  'release',
  'next',
  'claim',
  'final',
] as const;

type OperationName = (typeof OPERATIONS)[number];

/** @throws CausewayError `invalid-history` that names the file, the line and what is wrong there. */
export function parseLine(text: string, place: Place): HistoryRecord {
  const fields = new Fields(parseJson(text, place), place, 'the line');
  const op = fields.oneOf('op', OPERATIONS);
  const common = { ...commonOf(fields, op), line: place.line };
  if (op === 'txn') {
    const [onSuccess, onFailure] = [stepsOf(fields, 'then'), stepsOf(fields, 'else')];
    const output = txnOutputIf(fields, onSuccess, onFailure, common.status);
    return { ...common, op, checks: checksOf(fields), onSuccess, onFailure, ...output };
  }
  return { ...common, key: fields.text('key'), ...ownOf(fields, op, common.status) } as HistoryRecord;
}

function parseJson(text: string, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuseLine(place, 'the line is not JSON');
  }
}

function commonOf(fields: Fields, op: OperationName) {
  const [status, invoke] = [fields.oneOf('status', STATUSES), fields.number('invoke')];
  const complete = fields.has('complete') ? fields.number('complete') : null;
  if (complete === null && status === 'ok') fields.refuse('an "ok" operation has no "complete"');
  if (complete !== null && complete < invoke) fields.refuse('"complete" is before "invoke"');
  return {
    process: fields.number('process'),
    ...fields.textIf('session'),
    ...fields.textIf('replica'),
    level: levelOf(fields, op),
    ...(fields.has('durability') && { durability: fields.oneOf('durability', DURABILITIES) }),
    invoke,
    complete,
    status,
    ...fields.textIf('tokenIn'),
    ...fields.textIf('tokenOut'),
    ...fields.textIf('dot'),
    ...(fields.has('fencing') && { fencing: fencingOf(fields) }),
  };
}

/** Objects of coordination are linearizable, and the end of a history is read anywhere: both need not say so. */
function levelOf(fields: Fields, op: OperationName): Level {
  if (fields.has('level')) return fields.oneOf('level', LEVELS);
  switch (op) {
    case 'acquire':
    case 'renew':
    case 'release':
    case 'next':
    case 'claim':
      return 'linearizable';
    case 'final':
      return 'eventual';
    default:
      return fields.refuse('"level" is missing');
  }
}

function fencingOf(fields: Fields): Fencing {
  const [, lock, token] =
    /^(.+)=(\d{1,15})$/s.exec(fields.text('fencing')) ?? fields.refuse('"fencing" is not lock=token');
  return { lock: lock as string, token: Number(token) };
}

/** The members that only this kind of operation has; `parseLine` adds those that all have. */
function ownOf(fields: Fields, op: Exclude<OperationName, 'txn'>, status: Status): object {
  switch (op) {
    case 'read':
      return { op, ...shownOf(fields, status) };
    case 'write':
    case 'create':
      return { op, value: writtenOf(fields) };
    case 'cas':
      return { op, expect: fields.value('expect'), value: fields.value('value') };
    case 'delete':
      return { op };
    case 'acquire':
      return { op, value: fields.text('value'), ...(needs(fields, status) && { output: fields.whole('output') }) };
    case 'renew':
    case 'release':
      return { op, value: fields.has('value') ? fields.text('value') : '', expect: fields.whole('expect') };
    case 'next':
      return needs(fields, status) ? { op, output: fields.whole('output') } : { op };
    case 'claim':
      return { op, value: fields.text('value'), ...(needs(fields, status) && { output: fields.text('output') }) };
    case 'final':
      return { op, replica: fields.text('replica'), ...shownOf(fields, 'ok') };
  }
}

/** What was answered must be there if something was answered. */
function needs(fields: Fields, status: Status): boolean {
  return status === 'ok' || fields.has('output');
}

function shownOf(fields: Fields, status: Status): object {
  if (status === 'ok' && fields.has('value')) fields.refuse('what a read was shown is its "output", not its "value"');
  const { outputs } = fields.valuesIf('outputs');
  const [first] = fields.has('output') ? [fields.value('output')] : (outputs ?? [null]);
  if (status !== 'ok' && !fields.has('output')) return {};
  return { output: first ?? null, ...(outputs !== undefined && { outputs }) };
}

function writtenOf(fields: Fields): Value {
  return fields.has('value')
    ? fields.value('value')
    : fields.refuse('"value" is missing; to write nothing is "delete"');
}

function checksOf(fields: Fields): readonly TxnCheck[] {
  return fields.list('if').map((each) => {
    const check = fields.inside(each, 'if');
    return { key: check.text('key'), value: check.value('value') };
  });
}

function stepsOf(fields: Fields, branch: 'then' | 'else'): readonly TxnStep[] {
  return fields.list(branch).map((each): TxnStep => {
    const step = fields.inside(each, branch);
    if (step.has('put')) return { kind: 'put', key: step.text('put'), value: writtenOf(step) };
    if (step.has('delete')) return { kind: 'delete', key: step.text('delete') };
    return { kind: 'get', key: step.text('get') };
  });
}

function txnOutputIf(
  fields: Fields,
  onSuccess: readonly TxnStep[],
  onFailure: readonly TxnStep[],
  status: Status,
): { readonly output?: TxnOutput } {
  if (!fields.has('output')) {
    const mustSay = status === 'ok' && (fields.list('if').length > 0 || onSuccess.some(({ kind }) => kind === 'get'));
    return mustSay ? fields.refuse('"output" is missing') : {};
  }
  const output = fields.inside(fields.value('output'), 'output');
  const succeeded = output.flag('succeeded');
  const steps = succeeded ? onSuccess : onFailure;
  const results = output.list('results') as readonly Value[];
  const hasGet = steps.some(({ kind }) => kind === 'get');
  if (hasGet && results.length !== steps.length) fields.refuse('"results" has not one member for each step');
  return { output: { succeeded, results } };
}
