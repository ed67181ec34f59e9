/** What a command's exit code says. Scripts depend on these numbers; they never change. */

export const EXIT = {
  ok: 0,
  /** The command ran and did not succeed: the key is absent, the server refused, a check found a defect. */
  failed: 1,
  /** The command was not understood: a flag, an argument, a file it names. */
  usage: 2,
  /** No server could be reached, or it could not serve the request now. A retry may help. */
  unavailable: 3,
  /** A condition did not hold: another version, another owner. */
  precondition: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
