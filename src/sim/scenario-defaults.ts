/** What a run is like unless told otherwise; apart from everything else, so that to know it costs nothing. */

/** Of `LIMITS.tickMs` each. */
export const DEFAULT_TICKS = 500;
