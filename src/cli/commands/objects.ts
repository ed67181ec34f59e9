/** `causeway seq`, `claim` and `constraint`: objects of the total order that are asked about and changed by name. */
import { jsonOf } from '../../lab/http-call.js';
import { type ClientOptions, type ClientRequest, perform } from '../client-call.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { type IdempotentOptions, objectPath, orderedRequest } from '../json-request.js';
import { showAnswer } from '../show-answer.js';
import type { Terminal } from '../terminal.js';

export interface ObjectOptions extends ClientOptions, IdempotentOptions {}

export interface ClaimOptions extends ObjectOptions {
  readonly owner?: string;
  readonly release?: boolean;
  readonly show?: boolean;
}

export interface ConstraintOptions extends ObjectOptions {
  readonly prefix: string;
  readonly field: string;
}

export function nextNumber(terminal: Terminal, name: string, options: ObjectOptions): Promise<ExitCode> {
  return showNumber(terminal, options, orderedRequest('POST', `${objectPath('sequences', name)}/next`, options));
}

export function showSequence(terminal: Terminal, name: string, options: ClientOptions): Promise<ExitCode> {
  return showNumber(terminal, options, look(objectPath('sequences', name)));
}

/** Take, give back or look at a claim. */
export function claim(terminal: Terminal, namespace: string, value: string, options: ClaimOptions): Promise<ExitCode> {
  const path = objectPath('claims', namespace, value);
  if (options.show) return showObject(terminal, options, look(path));
  const { owner } = options;
  if (owner === undefined) {
    throw new CommandFailure('no owner is given', 'Name the owner with --owner, or look with --show.', EXIT.usage);
  }
  const method = options.release ? 'DELETE' : 'PUT';
  return showObject(terminal, options, orderedRequest(method, path, options, { owner }));
}

export function addConstraint(terminal: Terminal, name: string, options: ConstraintOptions): Promise<ExitCode> {
  const { prefix, field } = options;
  return showObject(
    terminal,
    options,
    orderedRequest('PUT', objectPath('constraints', name), options, { prefix, field }),
  );
}

export function dropConstraint(terminal: Terminal, name: string, options: ObjectOptions): Promise<ExitCode> {
  return showObject(terminal, options, orderedRequest('DELETE', objectPath('constraints', name), options));
}

export function showConstraint(terminal: Terminal, name: string, options: ClientOptions): Promise<ExitCode> {
  return showObject(terminal, options, look(objectPath('constraints', name)));
}

/** A look at an object; at `linearizable` unless `-c` says otherwise. */
export function look(path: string): ClientRequest {
  return { method: 'GET', path, level: 'linearizable' };
}

/** Sends the request and shows all of its answer. */
export async function showObject(
  terminal: Terminal,
  options: ClientOptions,
  request: ClientRequest,
): Promise<ExitCode> {
  const answer = await perform(terminal, options, request);
  if (answer !== undefined) showAnswer(terminal, options, answer);
  return EXIT.ok;
}

/** The bare number, for `n=$(causeway seq next orders)`. */
async function showNumber(terminal: Terminal, options: ClientOptions, request: ClientRequest): Promise<ExitCode> {
  const answer = await perform(terminal, options, request);
  if (answer === undefined) return EXIT.ok;
  if (options.output === 'json') showAnswer(terminal, options, answer);
  else terminal.out(`${(jsonOf(answer) as { readonly value: number }).value}\n`);
  return EXIT.ok;
}
