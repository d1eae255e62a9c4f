import type { Version } from './version.ts'

/**
 * Counts how many live versions list each table, so that a table can be deleted when the last one goes. A table moved
 * between levels stays listed throughout.
 */
export class LiveFiles {
  readonly #counts = new Map<number, number>()
  #obsolete: number[] = []

  /** Whether any live version lists the table. */
  has(number: number): boolean {
    return this.#counts.has(number)
  }

  /** Numbers of all tables that some live version lists. */
  numbers(): IterableIterator<number> {
    return this.#counts.keys()
  }

  add(version: Version): void {
    for (const { file } of version.files()) {
      this.#counts.set(file.number, (this.#counts.get(file.number) ?? 0) + 1)
    }
  }

  remove(version: Version): void {
    for (const { file } of version.files()) {
      const count = this.#counts.get(file.number)! - 1
      if (count > 0) {
        this.#counts.set(file.number, count)
      } else {
        this.#counts.delete(file.number)
        this.#obsolete.push(file.number)
      }
    }
  }

  /** Tables that no version lists any more since the last call. */
  takeObsolete(): number[] {
    const numbers = this.#obsolete.filter((number) => !this.#counts.has(number))
    this.#obsolete = []
    return numbers
  }
}
