/** `causeway lab`: a cluster for as long as the command runs. */
import { once } from 'node:events';
import { describeBroker } from '../../lab/broker-choice.js';
import { type Lab, startLab } from '../../lab/cluster.js';
import { curlLine } from '../../lab/curl-line.js';
import { removeUrlsFile, writeUrlsFile } from '../../lab/urls-file.js';
import { keepLinksStretched, stretchLinks } from '../../lab/wan/links.js';
import { regionOf, type WanName, type WanPreset, wanPreset } from '../../lab/wan/presets.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { stopSignal } from '../stop-signal.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface LabOptions {
  readonly replicas: number;
  readonly basePort: number;
  readonly data?: string;
  readonly natsUrl?: string;
  readonly transport?: 'nats-server' | 'embedded';
  readonly urlsFile?: string;
  readonly logLevel: string;
  /** How far apart the replicas seem to be. */
  readonly wan: WanName;
}

export async function lab(terminal: Terminal, options: LabOptions): Promise<ExitCode> {
  const stop = stopSignal();
  if (options.urlsFile !== undefined) removeUrlsFile(options.urlsFile);
  const startedMs = performance.now();
  const preset = wanPreset(options.wan);
  const running = await startLab({
    replicas: options.replicas,
    basePort: options.basePort,
    logLevel: options.logLevel,
    announce: (line) => terminal.err(`${line}\n`),
    report: (line) => terminal.err(`${line}\n`),
    ...(options.data === undefined ? {} : { dataFolder: options.data }),
    ...(options.natsUrl === undefined ? {} : { natsUrl: options.natsUrl }),
    ...(options.transport === undefined ? {} : { transport: options.transport }),
  });
  let stopRenewing: (() => void) | undefined;
  try {
    if (preset !== undefined) {
      await stretchLinks(running.replicas, preset);
      stopRenewing = keepLinksStretched(running.replicas, preset, (line) => terminal.err(`${line}\n`));
    }
    if (options.urlsFile !== undefined) writeUrlsFile(options.urlsFile, running);
    if (!stop.aborted)
      terminal.out(welcome(running, performance.now() - startedMs, options.data !== undefined, preset));
    if (!stop.aborted) await once(stop, 'abort');
    terminal.err('stopping …\n');
  } finally {
    stopRenewing?.();
    await running.stop();
  }
  return EXIT.ok;
}

function welcome(running: Lab, tookMs: number, keepsData: boolean, preset: WanPreset | undefined): string {
  const { replicas, nats, folder } = running;
  const places = (i: number): string[] => (preset === undefined ? [] : [regionOf(preset, i).place]);
  const rows = replicas.map(({ id, url, pid }, i) => [id, url, String(pid), ...places(i)]);
  return [
    `${describeBroker(nats.choice)}, ${nats.url}`,
    '',
    renderTable(['REPLICA', 'URL', 'PID', ...(preset === undefined ? [] : ['REGION'])], rows),
    ...tryLines(replicas.map(({ url }) => url)),
    '',
    `Data and logs: ${folder}${keepsData ? '' : ' (removed at the end)'}`,
    `Ready after ${(tookMs / 1000).toFixed(1)} s. Ctrl-C stops everything.`,
    '',
  ].join('\n');
}

function tryLines(urls: readonly string[]): string[] {
  const [first = ''] = urls;
  const last = urls.at(-1) ?? first;
  const level = { 'Consistency-Level': 'causal' };
  return [
    curlLine({ method: 'PUT', origin: first, path: '/v1/kv/greeting', headers: level, body: Buffer.from('hello') }),
    curlLine({ method: 'GET', origin: last, path: '/v1/kv/greeting', headers: level }, { withHeaders: true }),
    curlLine({ method: 'GET', origin: first, path: '/v1/cluster', headers: {} }),
  ];
}
