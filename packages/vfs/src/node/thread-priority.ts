import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Lowers the priority of the calling thread, where threads have priorities of their own: on Linux; elsewhere nothing happens. An event
 * loop then goes before it when there are more threads than processors, and does not wait for whole time slices of background work.
 *
 * @param nicerBy Its nice value, 0 to 19; an unprivileged process cannot take it back.
 */
export function lowerThreadPriority(nicerBy: number): void {
  if (process.platform !== 'linux') return
  try {
    // A worker does not find out its thread otherwise.
    const thread = /\d+$/.exec(readlinkSync('/proc/thread-self'))
    if (thread !== null) setPriority(Number(thread[0]), nicerBy)
  } catch {
    // No /proc here, or it is forbidden: work is done all the same.
  }
}
