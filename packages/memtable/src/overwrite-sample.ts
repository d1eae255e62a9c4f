/** Entries between two looks at how many of them were for keys whose value could have been written over. */
const sampleEntries = 256
/** Writing over pays when it can be done to one entry of so many: copying the others one by one costs more than all at once. */
const entriesPerOverwrite = 4

/** Hot. How often of late a value came for a key whose present one could be written over. */
export class OverwriteSample {
  /** Whether that was often enough to pay. */
  often = false
  #entries = 0
  #overwritable = 0

  add(overwritable: boolean): void {
    if (overwritable) this.#overwritable++
    if (++this.#entries < sampleEntries) return
    this.often = this.#overwritable * entriesPerOverwrite >= sampleEntries
    this.#entries = 0
    this.#overwritable = 0
  }
}
