/**
 * A space-time diagram of a few operations: a line for each client, a bar from question to answer for each operation, an
 * arrow from a write to those who were shown it. Time is not to scale: only its order matters, and moments are evenly spread.
 */
import { causalOperations } from '../causal/operation.js';
import { actorOf, deedOf } from '../describe.js';
import type { HistoryRecord } from '../history/record.js';
import { escapeText } from './escape.js';

const LABEL_WIDTH = 120;
const MOMENT_WIDTH = 100;
const LANE_HEIGHT = 46;
const BAR_HEIGHT = 16;
const TOP = 20;
/** How far above its bars an arrow within one line bends. */
const ARCH = 18;
/** About the width of a character of a label. */
const CHARACTER_WIDTH = 6.3;
const NS_PER_MS = 1_000_000;

interface Bar {
  readonly record: HistoryRecord;
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  /** Characters of a label that fit in front of the next bar. */
  room: number;
}

/** The last of `operations` to be answered is where it went wrong. */
export function diagram(operations: readonly HistoryRecord[]): string {
  const { bars, lanes, width } = layOut(operations);
  const last = lastAnswered(operations);
  const height = TOP + lanes.length * LANE_HEIGHT + 8;
  const rows = lanes.map((name, lane) => laneLine(name, lane, width));
  const drawn = bars.map((bar) => drawBar(bar, bar.record === last));
  const arrows = readsFrom(operations).flatMap(([from, to]) => {
    const [start, end] = [bars.find(({ record }) => record === from), bars.find(({ record }) => record === to)];
    return start === undefined || end === undefined ? [] : [drawArrow(start, end)];
  });
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="space-time diagram">${rows.join('')}${arrows.join('')}${drawn.join('')}</svg>`;
}

/** Clients from top to bottom as they come in; one that did several things at once has several lines. */
function layOut(operations: readonly HistoryRecord[]) {
  const moments = [...new Set(operations.flatMap(({ invoke, complete }) => [invoke, complete ?? invoke]))];
  moments.sort((a, b) => a - b);
  const place = new Map(moments.map((at, i) => [at, LABEL_WIDTH + i * MOMENT_WIDTH]));
  const end = LABEL_WIDTH + moments.length * MOMENT_WIDTH;
  const lanes: { readonly name: string; free: number }[] = [];
  const bars = [...operations]
    .sort((a, b) => a.invoke - b.invoke)
    .map((record): Bar => {
      const [name, until] = [actorOf(record), record.complete ?? Number.POSITIVE_INFINITY];
      let lane = lanes.findIndex((each) => each.name === name && each.free <= record.invoke);
      if (lane < 0) lane = lanes.push({ name, free: until }) - 1;
      (lanes[lane] as (typeof lanes)[number]).free = until;
      const from = place.get(record.invoke) as number;
      const to = record.complete === null ? end : (place.get(record.complete) as number);
      return { record, lane, from, to: Math.max(to, from + 8), room: Number.POSITIVE_INFINITY };
    });
  bars.forEach((bar, i) => {
    const next = bars.slice(i + 1).find(({ lane }) => lane === bar.lane);
    if (next !== undefined) bar.room = Math.floor((next.from - bar.from) / CHARACTER_WIDTH) - 1;
  });
  const texts = bars.map(({ from, record, room }) => from + Math.min(deedOf(record).length, room) * CHARACTER_WIDTH);
  return { bars, lanes: lanes.map(({ name }) => name), width: Math.ceil(Math.max(end, ...texts)) + 20 };
}

function laneLine(name: string, lane: number, width: number): string {
  const y = middleOf(lane);
  return `<text class="actor" x="4" y="${y + 4}">${escapeText(name)}</text><line class="lane" x1="${LABEL_WIDTH - 10}" y1="${y}" x2="${width}" y2="${y}"/>`;
}

function drawBar({ record, lane, from, to, room }: Bar, isLast: boolean): string {
  const y = middleOf(lane);
  const kind = isLast ? 'bar last' : record.status === 'ok' ? 'bar' : `bar ${record.status}`;
  const deed = [...deedOf(record)];
  const label = deed.length <= room ? deed.join('') : `${deed.slice(0, Math.max(0, room - 1)).join('')}…`;
  const title = `${actorOf(record)} ${deedOf(record)}\n${whenWords(record)}`;
  return `<g><title>${escapeText(title)}</title><rect class="${kind}" x="${from}" y="${y - BAR_HEIGHT / 2}" width="${to - from}" height="${BAR_HEIGHT}" rx="4"/><text class="deed" x="${from + 4}" y="${y + BAR_HEIGHT / 2 + 12}">${escapeText(label)}</text></g>`;
}

/** From edge to edge of the two bars, so that its head is seen; among operations of one client it passes above. */
function drawArrow(start: Bar, end: Bar): string {
  const [x1, x2] = [(start.from + start.to) / 2, end.to - 12];
  const goesDown = end.lane > start.lane;
  const y1 = middleOf(start.lane) + (goesDown ? BAR_HEIGHT / 2 : -BAR_HEIGHT / 2);
  const y2 = middleOf(end.lane) + (goesDown || end.lane === start.lane ? -BAR_HEIGHT / 2 : BAR_HEIGHT / 2);
  const bend = start.lane === end.lane ? y1 - ARCH : (y1 + y2) / 2;
  return `<path class="arrow" d="M${x1} ${y1} C${x1} ${bend} ${x2} ${bend} ${x2} ${y2}" marker-end="url(#head)"/>`;
}

function middleOf(lane: number): number {
  return TOP + lane * LANE_HEIGHT + BAR_HEIGHT / 2;
}

function whenWords({ invoke, complete, level, replica, line }: HistoryRecord): string {
  const at = (ns: number): string => `${(ns / NS_PER_MS).toFixed(3)} ms`;
  const where = replica === undefined ? '' : ` at ${replica}`;
  const source = line === undefined ? '' : `, line ${line}`;
  return `${level}${where}, ${at(invoke)} to ${complete === null ? 'no answer' : at(complete)}${source}`;
}

function lastAnswered(operations: readonly HistoryRecord[]): HistoryRecord | undefined {
  const answered = operations.filter(({ complete }) => complete !== null);
  return answered.reduce<HistoryRecord | undefined>(
    (last, each) => (last === undefined || (each.complete ?? 0) >= (last.complete ?? 0) ? each : last),
    undefined,
  );
}

/** Each read with the one write among the operations that it can have been shown. */
function readsFrom(records: readonly HistoryRecord[]): readonly (readonly [HistoryRecord, HistoryRecord])[] {
  const operations = causalOperations(records);
  return operations.flatMap(({ record: reader, reads }) =>
    reads.flatMap(({ key, value }) => {
      const writers = operations.filter(
        ({ record, writes }) => record !== reader && writes.some((each) => each.key === key && each.value === value),
      );
      const [writer] = writers;
      return writers.length === 1 && writer !== undefined ? [[writer.record, reader] as const] : [];
    }),
  );
}
