/** What `/metrics` shows: the process, the replica's own samples, and the durations of requests. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricSample, Replica } from '../replica/handle.js';
import { exposition, type Family, type Sample } from './exposition.js';
import { DURATION_BOUNDS_S, type DurationSeries, type Traffic } from './traffic.js';

const PREFIX = 'causeway_';

export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
}

export function createMetrics(replica: Replica, traffic: Traffic): Metrics {
  const registry = processRegistry();
  return {
    contentType: registry.contentType,
    render: async () => {
      const ofProcess = await registry.metrics();
      return `${ofProcess}${exposition([...replicaFamilies(replica.metrics()), ...httpFamilies(traffic)])}`;
    },
  };
}

let registryOfProcess: Registry | undefined;

/** The observers behind these metrics belong to the process and cannot be taken back, so there is one set of them. */
function processRegistry(): Registry {
  if (registryOfProcess === undefined) {
    registryOfProcess = new Registry();
    collectDefaultMetrics({ register: registryOfProcess });
  }
  return registryOfProcess;
}

function replicaFamilies(samples: readonly MetricSample[]): Iterable<Family> {
  const families = new Map<string, Family & { readonly samples: Sample[] }>();
  for (const { name, kind, help, value, labels = {} } of samples) {
    const family = families.get(name) ?? { name: `${PREFIX}${name}`, kind, help, samples: [] };
    family.samples.push({ labels, value });
    families.set(name, family);
  }
  return families.values();
}

function httpFamilies(traffic: Traffic): Family[] {
  return [
    {
      name: `${PREFIX}http_requests_in_flight`,
      kind: 'gauge',
      help: 'Requests begun and not yet answered',
      samples: [{ labels: {}, value: traffic.inFlight }],
    },
    {
      name: `${PREFIX}http_request_duration_seconds`,
      kind: 'histogram',
      help: 'Time from the head of a request to its answer, by route, method, status and level',
      samples: [...traffic.series()].flatMap(histogramSamples),
    },
  ];
}

/** Buckets count everything up to their bound, so each adds to the ones before. */
function histogramSamples(series: DurationSeries): Sample[] {
  const { route, method, status, level, sumS, count } = series;
  const labels = { route, method, status: String(status), level };
  let below = 0;
  const buckets = DURATION_BOUNDS_S.map((bound, at): Sample => {
    below += series.buckets[at] ?? 0;
    return { suffix: '_bucket', labels: { ...labels, le: String(bound) }, value: below };
  });
  return [
    ...buckets,
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sumS },
    { suffix: '_count', labels, value: count },
  ];
}
