/** Lines of history files that others wrote, or that were cut off while they were written. */
import { describe, expect, it } from 'vitest';
import { DecodeError, utf8Decode, utf8Encode } from '../../src/base/bytes.js';
import { CausewayError } from '../../src/base/errors.js';
import { historyLine } from '../../src/check/history/line.js';
import { parseLine } from '../../src/check/history/parse.js';
import { attack, SEED } from './attack.js';

const place = { file: 'fuzz.jsonl', line: 1 };
const common = '"process":1,"invoke":10,"complete":20,"status":"ok"';
const LINES = [
  `{"op":"read","key":"k","level":"causal","session":"s","replica":"r1","output":null,"outputs":[1,"a"],${common}}`,
  `{"op":"write","key":"k","level":"eventual","value":{"a":[true,null]},"durability":"majority","dot":"r1.2",${common}}`,
  `{"op":"cas","key":"k","level":"linearizable","expect":1,"value":null,"fencing":"l=3",${common}}`,
  `{"op":"create","key":"k","level":"linearizable","value":"v","process":2,"invoke":1,"complete":null,"status":"info"}`,
  `{"op":"delete","key":"k","level":"causal","tokenIn":"c1.a","tokenOut":"c1.b",${common}}`,
];

function parseOrRefuse(text: string) {
  try {
    return parseLine(text, place);
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'invalid-history') throw new DecodeError(error.message);
    throw error;
  }
}

describe(`a line of a history (SEED=${SEED})`, () => {
  it('is refused, or is a record that is written and read again as it is', () => {
    const read = (bytes: Uint8Array) => {
      const record = parseOrRefuse(utf8Decode(bytes));
      expect(parseOrRefuse(historyLine(record))).toEqual(record);
      return bytes;
    };
    const { refused, read: accepted } = attack({ samples: LINES.map(utf8Encode), read });
    expect(refused).toBeGreaterThan(100);
    expect(accepted).toBeGreaterThan(LINES.length);
  });
});
