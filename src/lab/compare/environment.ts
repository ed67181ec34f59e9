/** The machine that a comparison ran on, as far as its figures depend on it. */
import { cpus, loadavg, totalmem } from 'node:os';
import { type BrokerChoice, describeBroker } from '../broker-choice.js';
import type { Environment } from './results.js';

export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

export function environmentOf(causeway: string, broker: BrokerChoice, loadBefore: number): Environment {
  const processors = cpus();
  return {
    causeway,
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memoryBytes: totalmem(),
    broker: describeBroker(broker),
    loadBefore,
    loadAfter: loadNow(),
  };
}
