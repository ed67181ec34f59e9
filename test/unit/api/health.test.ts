/** What operators ask: is it alive, is it ready, what has it done. */
import { describe, expect, it } from 'vitest';
import { expectProblem, openApp, succeed } from './harness.js';

describe('/livez', () => {
  it('is 200 as long as the process answers, also while it drains and is not ready', async () => {
    const { app, replica } = openApp();
    expect((await succeed(app, { url: '/livez' })).json()).toEqual({ status: 'alive', replica: 'r1' });
    replica.becomeUnready();
    await replica.drain();
    await succeed(app, { url: '/livez' });
    await succeed(app, { url: '/livez?verbose' });
  });
});

describe('/readyz', () => {
  it.each([
    ['/readyz', 'causal'],
    ['/readyz?level=causal', 'causal'],
    ['/readyz?level=eventual', 'eventual'],
  ])('%s is 200 where the level would be served', async (url, level) => {
    const { app } = openApp();
    expect((await succeed(app, { url })).json()).toEqual({ status: 'ready', replica: 'r1', level });
  });

  it('is a 503 that says what is not ready', async () => {
    const { app, replica } = openApp();
    replica.becomeUnready();
    const problem = expectProblem(await app.inject('/readyz?level=eventual'), 'not-ready');
    expect(problem).toMatchObject({ level: 'eventual', detail: expect.stringContaining('installing a snapshot') });
  });

  it('refuses levels that are none or not offered', async () => {
    const { app } = openApp();
    expectProblem(await app.inject('/readyz?level=strong'), 'invalid-consistency-level');
    expectProblem(await app.inject('/readyz?level='), 'invalid-consistency-level');
    expectProblem(await app.inject('/readyz?level=linearizable'), 'level-not-offered');
  });
});

describe('/metrics', () => {
  it('is Prometheus text: the process, the replica, and every request that was answered', async () => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: '/v1/kv/a', payload: 'x' });
    for (let i = 0; i < 3; i += 1)
      await succeed(app, { url: '/v1/kv/a', headers: { 'consistency-level': 'eventual' } });
    await app.inject('/v1/kv/none');
    await app.inject('/v1/nowhere');
    const response = await succeed(app, { url: '/metrics' });
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = response.body.split('\n');
    const duration = 'causeway_http_request_duration_seconds';
    const labels = (route: string, method: string, status: number, level: string) =>
      `route="${route}",method="${method}",status="${status}",level="${level}"`;
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^process_cpu_seconds_total \d/),
        expect.stringMatching(/^nodejs_heap_size_used_bytes \d/),
        '# TYPE causeway_keys gauge',
        'causeway_keys 1',
        '# TYPE causeway_refused_total counter',
        'causeway_refused_total{reason="a \\"quoted\\" one"} 1',
        'causeway_refused_total{reason="stranger"} 2',
        'causeway_http_requests_in_flight 0',
        `# TYPE ${duration} histogram`,
        `${duration}_count{${labels('/v1/kv/{key}', 'PUT', 200, 'causal')}} 1`,
        `${duration}_count{${labels('/v1/kv/{key}', 'GET', 200, 'eventual')}} 3`,
        `${duration}_bucket{${labels('/v1/kv/{key}', 'GET', 200, 'eventual')},le="+Inf"} 3`,
        `${duration}_count{${labels('/v1/kv/{key}', 'GET', 404, 'causal')}} 1`,
        `${duration}_count{${labels('none', 'GET', 404, 'none')}} 1`,
      ]),
    );
    const names = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
    expect(new Set(names).size, 'each family stands once').toBe(names.length);
  });

  it('counts buckets up to each bound', async () => {
    const { app } = openApp();
    for (let i = 0; i < 5; i += 1) await app.inject('/v1/replica');
    const { body } = await succeed(app, { url: '/metrics' });
    const buckets = body
      .split('\n')
      .filter((line) => line.startsWith('causeway_http_request_duration_seconds_bucket{route="/v1/replica"'))
      .map((line) => Number(line.split(' ').at(-1)));
    expect(buckets).toHaveLength(15);
    expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
    expect(buckets.at(-1)).toBe(5);
  });
});
