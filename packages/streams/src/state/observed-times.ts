import type { TaskState } from './task-state.ts'

/** Offset metadata on the broker is bounded (4,096 bytes by default); times that do not fit stay behind. */
const metadataBytesMax = 3_000

/** The times that a task's operators and stores have seen, as the metadata of its committed offsets. */
export function formatObservedTimes(state: TaskState): string {
  const times = state.currentNumbers('t/')
  const all = JSON.stringify(Object.fromEntries(times))
  if (Buffer.byteLength(all) <= metadataBytesMax) return all
  return JSON.stringify({ 'stream-time': times.get('stream-time') })
}

/** Brings the times of {@link formatObservedTimes} back where the state has none or smaller ones. */
export function restoreObservedTimes(state: TaskState, metadata: string): void {
  if (!metadata.startsWith('{')) return
  let times: Record<string, unknown>
  try {
    times = JSON.parse(metadata) as Record<string, unknown>
  } catch {
    return // Offsets that somebody else committed carry text of their own.
  }
  for (const [name, value] of Object.entries(times)) {
    if (typeof value !== 'number') continue
    const number = state.number(`t/${name}`, value)
    if (value > number.value) number.value = value
  }
}
