import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** So much is taken beyond what was live after the last collection until the next one. */
const garbageBytes = 8 << 20

/**
 * Keeps a thread that runs jobs near what its jobs need. Left to V8 it does not: what a job leaves behind is a few megabytes, the
 * collector of a thread with so small a heap waits for some sixty, and the memory of buffers hardly counts for it.
 *
 * A collection takes ten to twenty milliseconds of the thread, and a job has to have worked for tens of times as long to make one due.
 */
export class ThreadGarbage {
  readonly #collect: () => void
  readonly #measure: () => number
  #liveBytes: number

  /** By default of this thread: its heap and its buffers. */
  constructor(collect: () => void = collector(), measure: () => number = heapAndBuffersBytes) {
    this.#collect = collect
    this.#measure = measure
    this.#liveBytes = measure()
  }

  /** Collects garbage if there may be enough of it; the bytes that heap and buffers take now. */
  collectIfDue(): number {
    const before = this.#measure()
    if (before < this.#liveBytes + garbageBytes) {
      this.#liveBytes = Math.min(this.#liveBytes, before)
      return before
    }
    this.#collect()
    return (this.#liveBytes = this.#measure())
  }
}

function heapAndBuffersBytes(): number {
  const { total_heap_size: heap, external_memory: buffers } = getHeapStatistics()
  return heap + buffers
}

/**
 * The function `gc` of this thread. V8 puts it into contexts that are made while the flag is set; it is not left set. Where it does
 * not, collection is left to V8.
 */
function collector(): () => void {
  const { gc } = globalThis as { readonly gc?: () => void }
  if (gc !== undefined) return gc
  setFlagsFromString('--expose-gc')
  try {
    return runInNewContext(`typeof gc === 'function' ? gc : () => {}`) as () => void
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}
