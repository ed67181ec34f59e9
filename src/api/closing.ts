/** How an app ends: what is in progress is answered, every connection ends with its answer, and nobody is waited for long. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../base/limits.js';
import type { Front } from './front/front.js';
import type { Service } from './service.js';

export function endWithAnswers(app: FastifyInstance, service: Service, front: Front): void {
  const open = new Set<Socket>();
  app.server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  let cut: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    service.closing = true;
    for (const end of service.streams) end();
    // Connections that were opened in advance count as busy with Node, and would keep the server open.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    front.closeIdle();
    cut = setTimeout(() => {
      front.cut();
      app.server.closeAllConnections();
    }, LIMITS.drainMaxMs);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearTimeout(cut);
    done();
  });
}
