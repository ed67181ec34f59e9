/**
 * A process that commits numbered batches to a storage and prints a number only once its batch is durable.
 * Started by the tests beside it, which kill it or let its disk fail; it runs compiled code, as a replica does.
 *
 * node commit-batches.mjs <dist> <directory> <first> <count> lmdb|journal
 */
import process from 'node:process';

const [dist, directory, first, count, adapter] = process.argv.slice(2);
const { openLmdbStorage, openJournalStorage } = await import(`${dist}/adapters/${adapter}-storage.js`);
const encode = (value) => new TextEncoder().encode(String(value));
const key = (number) => encode(String(number).padStart(8, '0'));
// A checkpoint every dozen batches or so.
const log = { segmentBytes: 100_000, partWrites: 30 };
const storage = await (openLmdbStorage ?? openJournalStorage)({ directory, log });
const snapshot = storage.snapshot();

/** Traces in four tables, values of several sizes, and a window that slides: see `expectWholeBatches`. */
function batch(number) {
  return [
    { kind: 'put', table: 'meta', key: encode('last'), value: encode(number) },
    { kind: 'put', table: 'keyspace', key: key(number), value: new Uint8Array(100).fill(number & 255) },
    { kind: 'put', table: 'operations', key: encode(`${number}-a`), value: encode(number) },
    { kind: 'put', table: 'operations', key: encode(`${number}-b`), value: new Uint8Array((number % 7) * 3_000) },
    { kind: 'put', table: 'log', key: key(number), value: encode(number) },
    { kind: 'delete-range', table: 'log', gte: key(0), lt: key(Math.max(0, number - 4)) },
  ];
}

async function failureOf(action) {
  try {
    await action();
    return 'none';
  } catch (error) {
    return error.code ?? error.message;
  }
}

let number = Number(first);
try {
  // Three at a time, so that several commits wait behind the one that fails.
  for (; number < Number(first) + Number(count); number += 3) {
    const commits = [number, number + 1, number + 2].map((n) => storage.commit(batch(n)));
    // The first failure is awaited below; the others are the same and must not end the process.
    void Promise.allSettled(commits);
    for (const [i, commit] of commits.entries()) {
      await commit;
      process.stdout.write(`${number + i}\n`);
    }
  }
} catch (error) {
  const report = {
    message: error.message,
    commit: error.code,
    laterCommit: await failureOf(() => storage.commit(batch(number))),
    laterGet: await failureOf(() => storage.get('meta', encode('last'))),
    laterRange: await failureOf(() => [...storage.range('meta', {})]),
    laterCount: await failureOf(() => storage.count('meta')),
    laterSnapshot: await failureOf(() => storage.snapshot()),
    earlierSnapshot: await failureOf(() => snapshot.get('meta', encode('last'))),
    close: await failureOf(() => storage.close()),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
