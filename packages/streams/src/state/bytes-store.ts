import type { StateStore } from './store.ts'
import type { ByteStore } from './task-state.ts'

/** Sorted bytes whose layout is its operator's own. */
export class BytesStore implements StateStore {
  readonly name: string
  readonly rows: ByteStore

  constructor(name: string, rows: ByteStore) {
    this.name = name
    this.rows = rows
  }
}
