/** A comparison for a newcomer: before each phase what is about to happen and what to look for, after it what was seen. */
import { lessonOf, WELCOME } from '../lab/compare/guide/lessons.js';
import { seenIn, servedWords } from '../lab/compare/guide/seen.js';
import { type LevelOverview, overviewOf, servedOf } from '../lab/compare/overview.js';
import type { Plan } from '../lab/compare/plan.js';
import type { Cell, PhaseRun, Results } from '../lab/compare/results.js';
import type { Begun } from '../lab/compare/run.js';
import { counted, duration, percent } from '../lab/compare/words.js';
import { regionOf, roundTripMs, wanPreset } from '../lab/wan/presets.js';
import { renderTable } from './table.js';
import type { Terminal } from './terminal.js';

const WIDEST = 100;
const TITLES = ['SIDE', 'LEVEL', 'READS', 'P50', 'WRITES', 'P50', 'STALE', 'WENT WRONG'];

export class Guide {
  readonly #terminal: Terminal;
  readonly #plan: Plan;
  #phases = 0;

  constructor(terminal: Terminal, plan: Plan) {
    this.#terminal = terminal;
    this.#plan = plan;
  }

  welcome(): void {
    const seconds = this.#plan.phases.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
    this.#say('');
    this.#heading('What does each consistency level cost, and what does it buy?');
    this.#say(WELCOME);
    this.#say('');
    this.#say(
      `${placesOf(this.#plan)} ${this.#plan.phases.length} phases, ${seconds.toFixed(0)} s of load in all. Only "promises" at ` +
        'the end decides the exit code: the rest is what the levels are like.',
    );
  }

  began({ phase }: Begun): void {
    this.#phases += 1;
    const { before, look } = lessonOf(phase, this.#phases === 1);
    this.#say('');
    this.#heading(`${this.#phases}. ${phase.name}`);
    this.#say(before);
    this.#say(`Look for:\n${look.map((line) => `- ${line}`).join('\n')}`);
    this.#say('');
  }

  ended(phase: PhaseRun, cells: readonly Cell[]): void {
    this.#terminal.out(`\n${renderTable(TITLES, cells.map(rowOf))}\n`);
    this.#say(
      `Seen:\n${seenIn(phase, this.#phases === 1, cells)
        .map((line) => `- ${line}`)
        .join('\n')}`,
    );
  }

  conclude({ phases, cells }: Results): void {
    this.#say('');
    this.#heading('What it comes to');
    this.#say(
      overviewOf(phases, cells)
        .map((level) => `- ${sumUp(level)}`)
        .join('\n'),
    );
    this.#say('');
    this.#say(
      'So choose by request: eventual for what may be a little old, causal for what people say to each other, linearizable ' +
        'for what only one may have. docs/CONSISTENCY.md has the whole table; `npm start` gives you three replicas to try.',
    );
  }

  #heading(text: string): void {
    this.#terminal.out(`${this.#terminal.colors.bold(text)}\n`);
  }

  #say(text: string): void {
    this.#terminal.out(`${wrapped(text, Math.min(this.#terminal.columns, WIDEST))}\n`);
  }
}

/** Each line broken between words; what follows the dash of an item stands below it. */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const indent = line.startsWith('- ') ? '  ' : '';
      return line.length <= columns ? [line] : brokenAt(line, columns, indent);
    })
    .join('\n');
}

function brokenAt(line: string, columns: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = `${indent}${word}`;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

function placesOf({ wan, replicas }: Plan): string {
  const preset = wanPreset(wan);
  if (preset === undefined) return `${replicas} replicas on this machine, with no distance between them.`;
  const places = Array.from({ length: replicas }, (_, i) => `r${i + 1} in ${regionOf(preset, i).place}`);
  const far = Math.max(...places.map((_, i) => roundTripMs(preset, 0, i)));
  return `Here: ${places.join('; ')} - as far apart as in life (up to ${far} ms there and back from r1), by delays on this machine.`;
}

function rowOf({ side, level, read, write, staleness, anomalies }: Cell): readonly string[] {
  const wrong = [
    [anomalies.causalViolations, 'acausal'],
    [anomalies.lostUpdates, 'lost'],
    [anomalies.duplicateClaims, 'given twice'],
  ] as const;
  const found = wrong.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  return [
    side,
    level,
    ...[read, write].flatMap((figures) => {
      const { ok, asked } = servedOf(figures);
      return [`${ok}/${asked}`, figures.latencyMs === null ? '-' : duration(figures.latencyMs.p50)];
    }),
    staleness.reads === 0 ? '-' : percent(staleness.stale / staleness.reads),
    found.length === 0 ? '-' : found.join(', '),
  ];
}

function sumUp({ level, writeMs, minority, majority, anomalies }: LevelOverview): string {
  const cost =
    writeMs === null
      ? 'no write was served when all was well'
      : `half of the writes within ${duration(writeMs)} when all was well`;
  const sides =
    minority === undefined || majority === undefined
      ? ''
      : `; in the partition ${servedWords(minority)} in the minority, ${servedWords(majority)} in the majority`;
  const { staleReads, causalViolations, lostUpdates, duplicateClaims } = anomalies;
  const wrong = [
    [staleReads, 'stale read', 'stale reads'],
    [causalViolations, 'effect seen before its cause', 'effects seen before their causes'],
    [lostUpdates, 'lost update', 'lost updates'],
    [duplicateClaims, 'name given twice', 'names given twice'],
  ] as const;
  const none = wrong.every(([count]) => count === 0);
  const words = none
    ? 'nothing that a single copy would not do'
    : wrong.map(([count, one, many]) => counted(count, one, many)).join(', ');
  return `${level}: ${cost}${sides}; ${words}.`;
}
