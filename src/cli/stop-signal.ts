/** The wish of whoever runs a command that it should end: Ctrl-C, `kill`, a closed terminal. */

/**
 * Aborts at the first such signal, so that the command can end in order. At the second the process exits at once;
 * from then on it is up to those it started to notice.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
      controller.abort();
    });
  }
  return controller.signal;
}
