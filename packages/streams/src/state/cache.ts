/** Bytes that the caches of all tasks of an application may hold together. 0: no caching. */
export class CacheBudget {
  readonly bytesMax: number
  bytesUsed = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get enabled(): boolean {
    return this.bytesMax > 0
  }
}
