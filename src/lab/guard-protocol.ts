/** What a lab and its guard process say to each other. */

export type BrokerOrder = { readonly kind: 'binary'; readonly path: string } | { readonly kind: 'embedded' };

export type GuardOrder =
  /** `port` 0 lets the system choose. */
  | { readonly kind: 'start-broker'; readonly broker: BrokerOrder; readonly port: number }
  | { readonly kind: 'stop-broker' }
  /** A process that must not outlive the lab. */
  | { readonly kind: 'watch'; readonly pid: number }
  | { readonly kind: 'unwatch'; readonly pid: number };

export type GuardReport =
  | { readonly kind: 'broker-started'; readonly url: string; readonly port: number; readonly pid: number | undefined }
  | { readonly kind: 'broker-stopped' }
  | { readonly kind: 'broker-failed'; readonly code: string; readonly detail: string }
  /** It ended although nobody asked it to. */
  | { readonly kind: 'broker-died'; readonly lastLine: string };
