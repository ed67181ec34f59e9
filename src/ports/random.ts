/** The randomness port. */

export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform 32-bit unsigned integer; from a cryptographic source in production. */
  u32(): number;
}
