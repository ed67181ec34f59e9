/** The echo workload: what was sent comes back. */
import { fieldOf, type Workload } from './workload.js';

export const ECHO: Workload = {
  handlers: { echo: (body) => Promise.resolve({ echo: fieldOf(body, 'echo') }) },
  isInUse: () => Promise.resolve(false),
};
