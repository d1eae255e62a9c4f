import type { Compaction, KeyRange } from '@varve/compaction'

/** The compactions of one family that run: what the picker must keep away from. */
export class RunningCompactions {
  readonly #running = new Set<Compaction>()
  readonly #files = new Set<number>()
  /** Grows with each change. */
  generation = 0

  get count(): number {
    return this.#running.size
  }

  /** Numbers of the tables they read. */
  get files(): ReadonlySet<number> {
    return this.#files
  }

  /** Where their outputs will be. */
  get outputs(): readonly (KeyRange & { readonly level: number })[] {
    return [...this.#running].map(({ range, outputLevel }) => ({ ...range, level: outputLevel }))
  }

  /** Call the function that it returns when the compaction has ended. */
  begin(compaction: Compaction): () => void {
    this.generation++
    this.#running.add(compaction)
    for (const { files } of compaction.inputs)
      for (const file of files) this.#files.add(file.number)
    return () => {
      this.generation++
      this.#running.delete(compaction)
      for (const { files } of compaction.inputs)
        for (const file of files) this.#files.delete(file.number)
    }
  }
}
