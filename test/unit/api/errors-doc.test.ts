/** `docs/ERRORS.md` against the registry: every error is described as it is, and nothing else is. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/base/errors.js';

interface DocumentedError {
  readonly code: string;
  readonly status: number;
  readonly outcome: string;
  readonly retryable: boolean;
  readonly title: string;
  readonly advice: string;
}

/** Angle brackets would be markup. */
const withBrackets = (cell: string): string => cell.replaceAll('&lt;', '<').replaceAll('&gt;', '>');

const text = readFileSync(new URL('../../../docs/ERRORS.md', import.meta.url), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => withBrackets(cell.trim())),
  );

/** Rows of failures that answer a request, and of those that stop a process, which have no status and no outcome. */
const documented = rows.map((cells): DocumentedError => {
  const [code = '', ...rest] = cells;
  const [status, outcome, retryable, title, advice] = rest.length === 5 ? rest : ['-', 'not-applied', 'no', ...rest];
  return {
    code: code.replaceAll('`', ''),
    status: status === '-' ? 0 : Number(status),
    outcome: outcome ?? '',
    retryable: retryable === 'yes',
    title: title ?? '',
    advice: advice ?? '',
  };
});

describe('docs/ERRORS.md', () => {
  it('lists every error of the registry once, and no other', () => {
    expect(documented.map(({ code }) => code).sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it.each(documented)('says of $code what the registry says', (row) => {
    const entry = Object.entries(ERRORS).find(([code]) => code === row.code)?.[1];
    const { status, outcome, retryable, title, advice } = entry ?? {};
    expect({ ...row }).toEqual({ code: row.code, status, outcome, retryable, title, advice });
  });
});
