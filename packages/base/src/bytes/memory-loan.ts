/** Memory that somebody uses until its owner needs it. */
export interface MemoryLoan {
  /** The first `bytes` are needed again, and the owner's alone when this returns. */
  reclaimTo(bytes: number): void
  /** All of it is. */
  end(): void
}
