/** The `Consistency-Level` header and its alias: every form of it that is served, and every other one refused. */
import { describe, expect, it } from 'vitest';
import { ELSEWHERE, expectProblem, openApp, succeed, tokenNaming } from './harness.js';

const URL = '/v1/kv/k';

describe('the level of a request', () => {
  it.each([
    ['is causal where nothing is said', undefined, '', 'causal'],
    ['is what the header names', 'eventual', '', 'eventual'],
    ['may be followed by the time to wait', 'causal;timeout=250', '', 'causal'],
    ['may have spaces around it and before the parameter', '  eventual; timeout=1 ', '', 'eventual'],
    ['may be named in the query', undefined, '?consistency=eventual', 'eventual'],
    ['may be named in the query with its time', undefined, '?consistency=causal;timeout=60000', 'causal'],
    ['may be named in the query percent-encoded', undefined, '?consistency=causal%3Btimeout%3D5', 'causal'],
    ['may be named twice alike', 'eventual', '?consistency=eventual', 'eventual'],
    ['may be named twice alike in other words', 'causal', '?consistency=causal;timeout=5000', 'causal'],
  ])('%s', async (_, header, query, served) => {
    const { app } = openApp();
    const headers = header === undefined ? {} : { 'consistency-level': header };
    for (const method of ['PUT', 'GET', 'HEAD', 'DELETE'] as const) {
      const response = await succeed(app, { method, url: URL + query, headers });
      expect(response.headers['consistency-level']).toBe(served);
    }
  });

  it('is named by the answer that a key is not there, too', async () => {
    const { app } = openApp();
    const response = await app.inject({ url: URL, headers: { 'consistency-level': 'eventual' } });
    expect(expectProblem(response, 'not-found')).toMatchObject({ level: 'eventual' });
    expect(response.headers['consistency-level']).toBe('eventual');
  });
});

describe('a level is refused', () => {
  it.each([
    ['that is unknown', 'strong'],
    ['in another case', 'Causal'],
    ['that is empty', ''],
    ['that is only space', ' '],
    ['in a list', 'causal, eventual'],
    ['in a ranked list', 'linearizable;timeout=80, causal;timeout=200, eventual'],
    ['in an inner list', '(causal)'],
    ['as a string', '"causal"'],
    ['as a number', '1'],
    ['with an unknown parameter', 'causal;within=5'],
    ['with an unknown parameter besides the time', 'causal;timeout=5;within=5'],
    ['with the time twice', 'causal;timeout=5;timeout=6'],
    ['with a time of nothing', 'causal;timeout=0'],
    ['with a negative time', 'causal;timeout=-1'],
    ['with a time over a minute', 'causal;timeout=60001'],
    ['with a fraction', 'causal;timeout=1.5'],
    ['with a whole number written as a fraction', 'causal;timeout=100.0'],
    ['with an exponent', 'causal;timeout=1e3'],
    ['with a time in words', 'causal;timeout=soon'],
    ['with a time in quotes', 'causal;timeout="5"'],
    ['with a time without value', 'causal;timeout'],
    ['with a space before the parameter', 'causal ;timeout=5'],
    ['with a loose end', 'causal;'],
    ['with something behind it', 'causal eventual'],
    ['with control characters', 'causal\teventual'],
  ])('%s', async (_, level) => {
    const { app, replica } = openApp();
    for (const method of ['PUT', 'GET', 'DELETE'] as const) {
      const byHeader = await app.inject({ method, url: URL, headers: { 'consistency-level': level } });
      expectProblem(byHeader, 'invalid-consistency-level');
      const byQuery = await app.inject({ method, url: `${URL}?consistency=${encodeURIComponent(level)}` });
      expectProblem(byQuery, 'invalid-consistency-level');
      expect(byHeader.headers['consistency-level']).toBeUndefined();
    }
    expect(replica.calls).toBe(0);
  });

  it.each([
    ['another level', 'causal', 'eventual'],
    ['another time', 'causal;timeout=5', 'causal;timeout=6'],
    ['a time where the other has the default', 'causal;timeout=5', 'causal'],
  ])('where the query asks for %s than the header', async (_, header, parameter) => {
    const { app } = openApp();
    const url = `${URL}?consistency=${parameter}`;
    expectProblem(await app.inject({ url, headers: { 'consistency-level': header } }), 'invalid-consistency-level');
  });

  it('where the query names two', async () => {
    const { app } = openApp();
    expectProblem(await app.inject(`${URL}?consistency=causal&consistency=causal`), 'invalid-request');
  });

  it.each(['linearizable', 'linearizable;timeout=80'])('that needs the log: %s', async (level) => {
    const { app, replica } = openApp();
    for (const method of ['PUT', 'GET', 'DELETE'] as const) {
      const response = await app.inject({ method, url: URL, headers: { 'consistency-level': level } });
      const problem = expectProblem(response, 'level-not-offered');
      expect(problem).toMatchObject({ level: 'linearizable', served: ['causal', 'eventual'] });
      expect(response.headers['consistency-level']).toBeUndefined();
    }
    expect(replica.calls).toBe(0);
  });
});

describe('the time of a request', () => {
  it('bounds the wait for a token, and the answer names what is missing', async () => {
    const { app } = openApp();
    const headers = { 'consistency-level': 'causal;timeout=1', 'causal-token': tokenNaming(3) };
    const response = await app.inject({ url: URL, headers });
    const problem = expectProblem(response, 'causal-wait-timeout');
    expect(problem).toMatchObject({ level: 'causal', missing: [{ origin: ELSEWHERE, have: 0, need: 3 }] });
    expect(response.headers['causal-token']).toBe(tokenNaming(3));
  });

  it('does not matter at eventual, which never waits', async () => {
    const { app } = openApp();
    const headers = { 'consistency-level': 'eventual', 'causal-token': tokenNaming(3) };
    expectProblem(await app.inject({ url: URL, headers }), 'not-found');
    await succeed(app, { method: 'PUT', url: URL, headers });
  });
});
