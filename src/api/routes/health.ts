/** `/livez`, `/readyz` and `/metrics`: for those who run the replica. They answer whatever the load, and need no token. */
import { CausewayError } from '../../base/errors.js';
import { parseLevel } from '../consistency-header.js';
import type { Answer, Exchange } from '../exchange.js';
import { jsonAnswer } from '../json.js';
import type { Metrics } from '../metrics.js';
import { Query } from '../query.js';
import { queryText } from '../request-target.js';
import { orderedReplica, WEAK_LEVELS } from '../served-levels.js';

/** The process runs and its event loop turns; depends on nothing else. */
export function getLiveness(exchange: Exchange): Answer {
  return jsonAnswer({ status: 'alive', replica: exchange.service.replica.id });
}

/** Whether requests of a level would be served now; without one, of `causal`, the level of requests that name none. */
export function getReadiness(exchange: Exchange): Answer {
  const { replica } = exchange.service;
  const asked = Query.parse(queryText(exchange.request.originalUrl), ['level']).one('level');
  const level = asked === undefined ? 'causal' : parseLevel(asked);
  exchange.askedLevel = level;
  if (level === 'linearizable') orderedReplica(replica, WEAK_LEVELS);
  const readiness = replica.readiness(level);
  if (!readiness.ready) throw new CausewayError('not-ready', `The replica is not ready: ${readiness.reason}.`);
  return jsonAnswer({ status: 'ready', replica: replica.id, level });
}

export function getMetrics(metrics: Metrics): (exchange: Exchange) => Promise<Answer> {
  return async () => {
    const headers = ['Content-Type', metrics.contentType, 'Cache-Control', 'no-store'];
    return { status: 200, headers, body: await metrics.render() };
  };
}
