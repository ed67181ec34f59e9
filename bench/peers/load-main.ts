/** The load generator: a process of its own, so that what it needs of a processor is not taken from a server's thread. */
import { runClosedLoop, untilEveryKeyIsRead, writeEveryKey } from '../load/closed-loop.js';
import { type LoadClient, valueOfSize } from '../load/operations.js';
import { quantile } from '../load/quantile.js';
import type { LoadAnswer, LoadOrder, LoadReport } from './load-protocol.js';
import { openClient, openFillingClient } from './open-client.js';
import { familySeconds } from './process-times.js';

process.on('message', async (order: LoadOrder) => {
  let answer: LoadAnswer;
  try {
    answer = order.kind === 'fill' ? await fill(order) : { kind: 'measured', report: await measure(order) };
  } catch (error) {
    answer = { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(answer);
});

// Without the measurement there is nobody to work for.
process.once('disconnect', () => process.exit());

async function fill(order: LoadOrder & { kind: 'fill' }): Promise<LoadAnswer> {
  const { client, writeTo, readAt, clients, keys } = order;
  const value = valueOfSize(order.valueBytes);
  await using(
    clients,
    () => openFillingClient(client, writeTo, value),
    (writers) => writeEveryKey(writers, keys),
  );
  for (const address of readAt) {
    const open = (): Promise<LoadClient> => openClient(client, address, 'local read', value);
    await using(1, open, ([reader]) => untilEveryKeyIsRead(reader as LoadClient, keys));
  }
  return { kind: 'filled' };
}

async function measure(order: LoadOrder & { kind: 'run' }): Promise<LoadReport> {
  const { client, addresses, operation, clients, warmUpMs, measureMs, keys, seed } = order;
  const value = valueOfSize(order.valueBytes);
  const open = (number: number): Promise<LoadClient> => {
    const address = addresses[number % addresses.length];
    if (address === undefined) throw new Error('there is no server to connect to');
    return openClient(client, address, operation, value);
  };
  return using(clients, open, async (opened) => {
    const usage = startUsage();
    const result = await runClosedLoop({ clients: opened, warmUpMs, measureMs, keys, seed });
    const { latenciesUs: sorted, refused, refusal } = result;
    const at = (share: number): number => Math.round(quantile(sorted, share) * 10) / 10;
    return {
      operations: sorted.length,
      refused,
      ...(refusal === undefined ? {} : { refusal }),
      opsPerSecond: Math.round((sorted.length / result.measuredMs) * 1_000),
      p50Us: at(0.5),
      p90Us: at(0.9),
      p99Us: at(0.99),
      p999Us: at(0.999),
      maxUs: at(1),
      ...usage(),
    };
  });
}

/** Opens so many clients, and closes them whatever happens. */
async function using<T>(
  count: number,
  open: (number: number) => Promise<LoadClient>,
  task: (clients: readonly LoadClient[]) => Promise<T>,
): Promise<T> {
  const opened: LoadClient[] = [];
  try {
    for (let number = 0; number < count; number += 1) opened.push(await open(number));
    return await task(opened);
  } finally {
    for (const client of opened) client.close();
  }
}

/** The servers are those processes that whoever started this one has started besides. */
function startUsage(): () => Pick<LoadReport, 'generatorCpu' | 'serverCpu'> {
  const startedMs = performance.now();
  const own = process.cpuUsage();
  const servers = familySeconds(process.ppid, process.pid);
  return () => {
    const seconds = (performance.now() - startedMs) / 1_000;
    const { user, system } = process.cpuUsage(own);
    return {
      generatorCpu: thousandths((user + system) / 1e6 / seconds),
      serverCpu: thousandths((familySeconds(process.ppid, process.pid) - servers) / seconds),
    };
  };
}

function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
