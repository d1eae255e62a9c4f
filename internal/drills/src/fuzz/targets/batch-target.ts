import { iterateWriteBatch, WriteBatch } from '@varve/wal'

import type { FuzzTarget } from '../fuzz-target.ts'

/** Write batches: what is decoded and written again is decoded the same. */
export const batchTarget: FuzzTarget = {
  name: 'write-batch',
  make(random) {
    const batch = new WriteBatch()
    for (let left = random.below(10); left >= 0; left--) {
      const key = random.bytes(random.below(20))
      const value = random.bytes(random.below(5) === 0 ? 300 : random.below(40))
      const cf = { cf: { id: random.pick([0, 0, 1, 200, 70_000]) } }
      switch (random.below(6)) {
        case 0:
          batch.delete(key, cf)
          break
        case 1:
          batch.singleDelete(key, cf)
          break
        case 2:
          batch.merge(key, value, cf)
          break
        case 3:
          batch.deleteRange(key, value, cf)
          break
        case 4:
          batch.logData(value)
          break
        default:
          batch.put(key, value, cf)
      }
    }
    batch.sequence = random.below(2 ** 31)
    return new Uint8Array(batch.data)
  },
  run(input) {
    const batch = WriteBatch.from(input)
    const again = new WriteBatch()
    let plain = true
    let bytes = 0
    const cf = (id: number): { readonly cf: { readonly id: number } } => ({ cf: { id } })
    iterateWriteBatch(input, {
      put: (id, key, value) => {
        bytes += key.length + value.length
        again.put(key, value, cf(id))
      },
      delete: (id, key) => again.delete(key, cf(id)),
      singleDelete: (id, key) => again.singleDelete(key, cf(id)),
      merge: (id, key, value) => again.merge(key, value, cf(id)),
      deleteRange: (id, begin, end) => again.deleteRange(begin, end, cf(id)),
      logData: (blob) => again.logData(blob),
      other: () => (plain = false),
    })
    if (bytes > input.length) throw new Error('more is read than there is')
    if (!plain) return
    again.sequence = batch.sequence
    if (entriesOf(again.data) !== entriesOf(input)) throw new Error('entries change on the way')
  },
}

function entriesOf(data: Uint8Array): string {
  const lines: string[] = []
  const line = (kind: string, id: number, ...parts: Uint8Array[]): void => {
    lines.push([kind, id, ...parts.map((part) => Buffer.from(part).toString('hex'))].join(' '))
  }
  iterateWriteBatch(data, {
    put: (id, key, value) => line('put', id, key, value),
    delete: (id, key) => line('delete', id, key),
    singleDelete: (id, key) => line('singleDelete', id, key),
    merge: (id, key, value) => line('merge', id, key, value),
    deleteRange: (id, begin, end) => line('deleteRange', id, begin, end),
    logData: (blob) => line('logData', 0, blob),
  })
  return lines.join('\n')
}
