/** The causal driver of r1, among r1 and r2, with nobody at the other end. */
import { parseClusterId } from '../../src/base/ids.js';
import { CausalDriver, type DriverOptions } from '../../src/replica/causal/causal-driver.js';
import { A, R1, R2 } from './plane-values.js';
import { seededRandom } from './seeded-random.js';

type Given = Pick<DriverOptions, 'storage' | 'time' | 'machine' | 'onFatal'>;

export function loneDriver(given: Given & Partial<DriverOptions>): CausalDriver {
  return new CausalDriver({
    cluster: parseClusterId('test'),
    origin: A,
    members: [R1, R2],
    random: seededRandom(1),
    trace: () => {},
    post: () => {},
    onProgress: () => {},
    onReincarnated: () => {},
    ...given,
  });
}
