/** What the end of every help page says: how the command is used, and what its exit code means. */

const EXIT_CODES = 'Exit codes: 0 ok, 1 failed, 2 usage, 3 unavailable, 4 a condition did not hold';

/** Lines of `command   # remark`, aligned. */
export function examples(lines: readonly (readonly [command: string, remark: string])[]): string {
  const remarked = lines.filter(([, remark]) => remark !== '');
  const width = Math.max(0, ...remarked.map(([command]) => command.length));
  const shown = lines.map(([command, remark]) =>
    remark === '' ? `  $ ${command}` : `  $ ${command.padEnd(width)}   # ${remark}`,
  );
  return `\nExamples:\n${shown.join('\n')}\n\n${EXIT_CODES}`;
}
