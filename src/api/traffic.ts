/**
 * How much there is to do: requests begun and not yet answered, with the bytes of their bodies, and how long answered
 * ones took. The limits keep a flood from taking the memory of requests that are already being served.
 */
import { LIMITS } from '../base/limits.js';

/** Upper bounds of the duration histogram, in seconds. */
export const DURATION_BOUNDS_S: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Durations of one kind of request. */
export interface DurationSeries {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly level: string;
  /** Requests by bucket, not cumulated; the last counts what is above every bound. */
  readonly buckets: number[];
  sumS: number;
  count: number;
}

export class Traffic {
  readonly #maxInFlight: number;
  readonly #series = new Map<string, DurationSeries>();
  #last: DurationSeries | undefined;
  #inFlight = 0;
  #bodyBytes = 0;

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes in a request whose body has up to `bodyBytes`, or returns false if there is no room for it. */
  admit(bodyBytes: number): boolean {
    if (this.#inFlight >= this.#maxInFlight || this.#bodyBytes + bodyBytes > LIMITS.requestBodiesMaxBytes) return false;
    this.#inFlight += 1;
    this.#bodyBytes += bodyBytes;
    return true;
  }

  /** An admitted request has been answered. */
  release(bodyBytes: number): void {
    this.#inFlight -= 1;
    this.#bodyBytes -= bodyBytes;
  }

  record(route: string, method: string, status: number, level: string, seconds: number): void {
    const series = this.#seriesOf(route, method, status, level);
    let at = 0;
    while (at < DURATION_BOUNDS_S.length && seconds > (DURATION_BOUNDS_S[at] as number)) at += 1;
    series.buckets[at] = (series.buckets[at] as number) + 1;
    series.sumS += seconds;
    series.count += 1;
  }

  /** Mostly the series of the request before. */
  #seriesOf(route: string, method: string, status: number, level: string): DurationSeries {
    const last = this.#last;
    if (last?.route === route && last.method === method && last.status === status && last.level === level) return last;
    const name = `${route} ${method} ${status} ${level}`;
    let series = this.#series.get(name);
    if (series === undefined) {
      const buckets = new Array<number>(DURATION_BOUNDS_S.length + 1).fill(0);
      series = { route, method, status, level, buckets, sumS: 0, count: 0 };
      this.#series.set(name, series);
    }
    this.#last = series;
    return series;
  }

  series(): Iterable<DurationSeries> {
    return this.#series.values();
  }
}
