import { BusyError, isVarveError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { expect, it } from 'vitest'

import { DB } from '../index.ts'

it('refuses blocking writes that run too far ahead of flush, each time, until a flush has caught up', async () => {
  {
    await using db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      writeBufferSizeBytes: 32 << 20,
      columnFamilies: { default: { disableAutoCompactions: true, compression: 'none' } },
    })
    const value = new Uint8Array(1 << 20)
    const unlogged = { disableWal: true }
    const keys = Array.from({ length: 640 }, (_, i) => `k${i % 8}`)
    const writeAll = (): number => {
      for (const [i, key] of keys.entries()) {
        try {
          db.putSync(key, value, unlogged)
        } catch (error) {
          expect(isVarveError(error) && error instanceof BusyError).toBe(true)
          return i
        }
      }
      return keys.length
    }
    const first = writeAll()
    expect(first).toBeGreaterThan(500)
    expect(first).toBeLessThan(keys.length)
    expect(() => db.putSync('k', value, unlogged)).toThrow(BusyError)
    expect(() => db.putSync('k', value, unlogged)).toThrow(BusyError)
    await db.flush()
    db.putSync('k', 'again')
    expect(await db.get('k', { encoding: 'utf8' })).toBe('again')
  }
  assertNoOpenResources()
})
