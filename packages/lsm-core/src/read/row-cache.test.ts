import { utf8Bytes, utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { fc, test } from '@fast-check/vitest'
import { MemoryFileSystem } from '@varve/vfs'
import { expect, it } from 'vitest'

import { DB, SstFileWriter, WriteBatch } from '../index.ts'
import { FamilyRows, RowCache } from './row-cache.ts'

const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : utf8Text(value)

test.prop([
  fc.array(
    fc.record({
      key: fc.nat(40),
      family: fc.nat(1),
      action: fc.constantFrom('fill', 'write', 'delete', 'get', 'get', 'forget'),
      length: fc.constantFrom(0, 3, 3, 3, 50),
    }),
    { maxLength: 400 },
  ),
  fc.constantFrom(1000, 4000, 100_000),
])('gives what was last written, or nothing', (steps, capacityBytes) => {
  const cache = new RowCache(capacityBytes)
  const families = [new FamilyRows(cache, 0), new FamilyRows(cache, 7)]
  const models = [new Map<number, string>(), new Map<number, string>()]
  for (const [i, { key, family, action, length }] of steps.entries()) {
    const rows = families[family]!
    const model = models[family]!
    const keyBytes = utf8Bytes(`key ${key}`)
    const value = `${i}`.padEnd(length, '.')
    const valueBytes = utf8Bytes(value)
    const both = Buffer.concat([keyBytes, valueBytes])
    if (action === 'fill') {
      rows.fill(keyBytes, valueBytes)
      model.set(key, value)
    } else if (action === 'write') {
      rows.added(1, both, 0, keyBytes.length, keyBytes.length, both.length)
      if (model.has(key)) model.set(key, value)
    } else if (action === 'delete') {
      rows.added(0, both, 0, keyBytes.length, 0, 0)
      model.delete(key)
    } else if (action === 'forget') {
      rows.forget()
      model.clear()
    }
    const found = text(rows.get(keyBytes))
    if (found !== undefined) expect(found).toBe(model.get(key))
    // Nothing is driven out where there is room.
    else if (capacityBytes === 100_000) expect(model.has(key)).toBe(false)
  }
})

it('forgets what changes without a write of the key', async () => {
  const fileSystem = new MemoryFileSystem()
  {
    await using db = await DB.open('/db', {
      fileSystem,
      createIfMissing: true,
      rowCacheBytes: 1 << 20,
      columnFamilies: { default: { mergeOperator: 'stringappend' }, gone: {} },
    })
    const get = (key: string): string | undefined => text(db.getSync(key))
    for (const key of ['a', 'b', 'c', 'd']) db.putSync(key, `${key}1`)
    await db.flush()
    expect(['a', 'b', 'c', 'd'].map(get)).toEqual(['a1', 'b1', 'c1', 'd1'])
    using snapshot = db.snapshot()
    await db.merge('a', '+')
    db.deleteSync('b')
    await db.deleteRange('c', 'd')
    expect(['a', 'b', 'c', 'd'].map(get)).toEqual(['a1,+', undefined, undefined, 'd1'])
    db.writeSync(new WriteBatch().put('a', 'a2').put('d', 'd2').put('d', 'd3'))
    expect(['a', 'd'].map(get)).toEqual(['a2', 'd3'])
    expect(text(db.getSync('a', { snapshot }))).toBe('a1')
    expect(['a', 'd'].map(get)).toEqual(['a2', 'd3'])
    await db.compactRange()
    expect(['a', 'b', 'c', 'd'].map(get)).toEqual(['a2', undefined, undefined, 'd3'])

    await using writer = await SstFileWriter.open('/external.sst', { fileSystem })
    writer.put('d', 'ingested')
    await writer.finish()
    await db.ingestExternalFile('/external.sst')
    expect(get('d')).toBe('ingested')

    const gone = db.columnFamily('gone')
    db.putSync('a', 'of a family that goes', { cf: gone })
    expect(text(db.getSync('a', { cf: gone }))).toBe('of a family that goes')
    await db.dropColumnFamily(gone)
    const next = await db.createColumnFamily('gone')
    expect(db.getSync('a', { cf: next })).toBeUndefined()
  }
  assertNoOpenResources()
})
