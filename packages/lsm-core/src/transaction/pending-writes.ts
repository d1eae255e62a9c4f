import type { MergeOperator } from '@varve/compaction'
import { WriteBatch } from '@varve/wal'

import { MergeContext } from '../read/merge-context.ts'

/** What a transaction has done to a key: `base` undefined is a deletion, absent leaves what the database has. */
interface PendingEntry {
  readonly base: Uint8Array | undefined
  readonly hasBase: boolean
  /** Oldest first. */
  readonly operands: readonly Uint8Array[]
}

/** Text of a key's bytes, for maps. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** The writes of a transaction: the batch that they will be, and how they look to the transaction itself. */
export class PendingWrites {
  readonly batch: WriteBatch = new WriteBatch()
  #families = new Map<number, Map<string, PendingEntry>>()

  put(familyId: number, key: Uint8Array, value: Uint8Array): void {
    this.batch.putTo(familyId, key, value)
    this.#set(familyId, key, { base: new Uint8Array(value), hasBase: true, operands: [] })
  }

  delete(familyId: number, key: Uint8Array): void {
    this.batch.deleteFrom(familyId, key)
    this.#set(familyId, key, { base: undefined, hasBase: true, operands: [] })
  }

  merge(familyId: number, key: Uint8Array, operand: Uint8Array): void {
    this.batch.merge(key, operand, { cf: { id: familyId } })
    this.#addOperand(familyId, key, operand)
  }

  /** The value that the transaction sees over what `read` finds in the database. */
  resolve(
    family: { readonly id: number; readonly name: string },
    mergeOperator: MergeOperator | undefined,
    key: Uint8Array,
    read: () => Uint8Array | undefined,
  ): Uint8Array | undefined {
    const entry = this.#families.get(family.id)?.get(keyText(key))
    if (entry === undefined) return read()
    const base = entry.hasBase ? entry.base : read()
    if (entry.operands.length === 0) return base === undefined ? undefined : new Uint8Array(base)
    const context = new MergeContext(mergeOperator, family.name, key)
    for (const operand of entry.operands.toReversed()) context.addOlder(operand)
    return context.finish(base)
  }

  /** Goes back to the last save point of the batch. */
  rollbackToSavePoint(): void {
    this.batch.rollbackToSavePoint()
    this.#families = new Map()
    this.batch.iterate({
      put: (id, key, value) =>
        this.#set(id, key, { base: new Uint8Array(value), hasBase: true, operands: [] }),
      delete: (id, key) => this.#set(id, key, { base: undefined, hasBase: true, operands: [] }),
      merge: (id, key, operand) => this.#addOperand(id, key, operand),
    })
  }

  #addOperand(familyId: number, key: Uint8Array, operand: Uint8Array): void {
    const entry = this.#families.get(familyId)?.get(keyText(key))
    this.#set(familyId, key, {
      base: entry?.base,
      hasBase: entry?.hasBase ?? false,
      operands: [...(entry?.operands ?? []), new Uint8Array(operand)],
    })
  }

  #set(familyId: number, key: Uint8Array, entry: PendingEntry): void {
    let family = this.#families.get(familyId)
    if (family === undefined) this.#families.set(familyId, (family = new Map()))
    family.set(keyText(key), entry)
  }
}
