/** The page of a violated history: whole in itself, and safe whatever the keys and values are. */
import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../../../src/check/history/record.js';
import { judge } from '../../../src/check/judge.js';
import { diagram } from '../../../src/check/timeline/diagram.js';
import { timelinePage } from '../../../src/check/timeline/page.js';

const at = { level: 'linearizable', status: 'ok', key: 'x' } as const;
const STALE: readonly HistoryRecord[] = [
  { ...at, process: 1, session: 'ann', op: 'write', value: 'old', invoke: 0, complete: 10, line: 1 },
  {
    ...at,
    process: 1,
    session: 'ann',
    op: 'write',
    value: '<script>alert(1)</script>',
    invoke: 20,
    complete: 30,
    line: 2,
  },
  { ...at, process: 2, session: '"bob" & co', op: 'read', output: 'old', invoke: 40, complete: 50, line: 3 },
];

function pageOf(records: readonly HistoryRecord[]): string {
  return timelinePage({ title: '<history>.jsonl', operations: records.length, judgements: judge(records) });
}

describe('the page', () => {
  it('shows the verdicts, the violation in words and the operations by their lines', () => {
    const page = pageOf(STALE);
    expect(page).toContain('<td>linearizable</td><td class="violated">violated</td>');
    expect(page).toContain('<section id="violation-1">');
    expect(page).toContain('(line 3)');
    expect(page).toContain("getElementById('violation-1')");
  });

  it('fetches nothing and is not allowed to', () => {
    expect(pageOf(STALE)).toContain("default-src 'none'");
    expect(pageOf(STALE)).not.toMatch(/https?:|src=|@import|url\((?!#head)/);
  });

  it('takes no text for markup', () => {
    const page = pageOf(STALE);
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).toContain('&lt;script&gt;alert(1)');
    expect(page).toContain('&quot;bob&quot; &amp; co');
    expect(page).toContain('<title>&lt;history&gt;.jsonl: 1 violation</title>');
  });
});

describe('the diagram', () => {
  it('marks the last answer, and draws an arrow from each write to who was shown it', () => {
    const drawn = diagram(STALE);
    expect(drawn.match(/class="bar last"/g)).toHaveLength(1);
    expect(drawn.match(/class="arrow"/g)).toHaveLength(1);
    expect(drawn.match(/class="actor"/g)).toHaveLength(2);
  });

  it('gives a client that did two things at once two lines, and lets what was never answered go on to the end', () => {
    const [first] = STALE as readonly [HistoryRecord];
    const drawn = diagram([
      { ...first, invoke: 0, complete: null, status: 'info' },
      { ...first, invoke: 5, complete: 9 },
    ]);
    expect(drawn.match(/class="actor"/g)).toHaveLength(2);
    expect(drawn).toContain('class="bar info"');
  });
});
