import type { SeededRandom } from '@varve/base/testing'

/** What is known of an input. */
export interface InputKind {
  /** As {@link FuzzTarget.make} made it: it must decode. */
  readonly valid: boolean
  /** Checksums that {@link FuzzTarget.repair} knows are right, though the content may not be. */
  readonly repaired: boolean
}

/** A decoder to be tried with damaged input. */
export interface FuzzTarget {
  readonly name: string
  /** A valid input, another one every time. */
  make(random: SeededRandom): Uint8Array
  /** Makes checksums right again, in place, so that the damage reaches what lies behind them. */
  repair?(input: Uint8Array): void
  /**
   * Decodes the input as a whole and checks the answer against what must hold.
   *
   * @throws what the decoder throws, or a plain Error when the answer is wrong
   */
  run(input: Uint8Array, kind: InputKind): void | Promise<void>
  /** Bytes that decoding may take at most. Default: 64 KiB and 64 times the input. */
  allocationMax?(inputBytes: number): number
}
