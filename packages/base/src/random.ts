/** The port through which randomness enters. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** `n` uniform bytes, owned by the caller. */
  bytes(n: number): Uint8Array
  /** A version 4 UUID, lower case, with dashes. */
  uuid(): string
}

/** Cryptographic randomness of the platform. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (n) => crypto.getRandomValues(new Uint8Array(n)),
  uuid: () => crypto.randomUUID(),
}
