/** Operations in words, for sentences and for the labels of a timeline. */
import type { HistoryRecord, TxnStep, Value } from './history/record.js';

const TEXT_MAX = 60;

/** Who did it: `s1 wrote "x" = 2`. */
export function describe(record: HistoryRecord): string {
  const doubt = record.status === 'info' ? ' (never learnt whether it happened)' : '';
  return `${actorOf(record)} ${deedOf(record)}${doubt}`;
}

export function actorOf(record: HistoryRecord): string {
  if (record.op === 'final') return record.replica;
  return record.session ?? `process ${record.process}`;
}

/** `wrote "x" = 2` */
export function deedOf(record: HistoryRecord): string {
  switch (record.op) {
    case 'read':
      return `read ${valueWords(record.output)} from ${quoted(record.key)}`;
    case 'write':
      return `wrote ${quoted(record.key)} = ${valueWords(record.value)}`;
    case 'delete':
      return `deleted ${quoted(record.key)}`;
    case 'cas':
      return `changed ${quoted(record.key)} from ${valueWords(record.expect)} to ${valueWords(record.value)}`;
    case 'create':
      return `created ${quoted(record.key)} = ${valueWords(record.value)}`;
    case 'txn':
      return txnWords(record);
    case 'final':
      return `ended with ${quoted(record.key)} = ${valueWords(record.output)}`;
    case 'acquire':
      return `was given lock ${quoted(record.key)} with token ${record.output ?? '?'}`;
    case 'renew':
      return `renewed lock ${quoted(record.key)} with token ${record.expect}`;
    case 'release':
      return `released lock ${quoted(record.key)} with token ${record.expect}`;
    case 'next':
      return `drew ${record.output ?? '?'} from sequence ${quoted(record.key)}`;
    case 'claim':
      return `claimed ${quoted(record.key)} for ${record.value} and was told it is ${record.output ?? '?'}'s`;
  }
}

export function quoted(name: string): string {
  return JSON.stringify(shortened(name));
}

/** `undefined` and `null` both stand for a key that shows nothing. */
export function valueWords(value: Value | undefined): string {
  return value === undefined || value === null ? 'nothing' : shortened(JSON.stringify(value));
}

function txnWords(record: Extract<HistoryRecord, { readonly op: 'txn' }>): string {
  const succeeded = record.output?.succeeded ?? true;
  const steps = succeeded ? record.onSuccess : record.onFailure;
  const done = steps.map((step, i) => stepWords(step, record.output?.results[i])).join(', ');
  const met = succeeded ? record.checks.map(({ key, value }) => `${quoted(key)} was ${valueWords(value)}`) : [];
  const name =
    record.checks.length === 0 ? 'in one step' : succeeded ? `as ${met.join(' and ')},` : 'as a check failed,';
  return `${name} ${done === '' ? 'did nothing' : done}`;
}

function stepWords(step: TxnStep, result: Value | undefined): string {
  switch (step.kind) {
    case 'put':
      return `wrote ${quoted(step.key)} = ${valueWords(step.value)}`;
    case 'delete':
      return `deleted ${quoted(step.key)}`;
    case 'get':
      return `read ${valueWords(result)} from ${quoted(step.key)}`;
  }
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= TEXT_MAX ? text : `${characters.slice(0, TEXT_MAX - 1).join('')}…`;
}
