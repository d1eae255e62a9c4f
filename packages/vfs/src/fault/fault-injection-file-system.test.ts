import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, describe, expect, it } from 'vitest'

import { FaultInjectionFileSystem, ioErrorCode, MemoryFileSystem } from '../index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('FaultInjectionFileSystem', () => {
  afterEach(() => assertNoOpenResources())

  it('fails the call of a number, whatever it is, and those after it when asked to', async () => {
    const fs = new FaultInjectionFileSystem(new MemoryFileSystem())
    const seen: string[] = []
    fs.observe((operation, path) => seen.push(`${operation} ${path}`))
    const run = async (): Promise<void> => {
      const file = fs.openWritableSync('/a')
      try {
        file.appendSync(bytes('abcd'))
        file.syncSync()
      } finally {
        file.closeSync()
      }
      await fs.stat('/a')
    }
    await run()
    expect(seen).toEqual(['open /a', 'append /a', 'sync /a', 'close /a', 'stat /a'])
    expect(fs.calls).toBe(5)
    fs.failCall(6, { error: 'ENOSPC', shortWrite: true })
    const failure = await run().catch((error: unknown) => error)
    expect(ioErrorCode(failure)).toBe('ENOSPC')
    expect(new TextDecoder().decode(fs.readFileSync('/a'))).toBe('ab')
    fs.failCall(fs.calls, { error: 'EIO' }, 100)
    await expect(run()).rejects.toThrow('input/output error')
    await expect(fs.exists('/a')).rejects.toThrow('input/output error')
    fs.clearFaults()
    await run()
  })

  it('damages what is read by one bit', () => {
    const fs = new FaultInjectionFileSystem(new MemoryFileSystem())
    const file = fs.openWritableSync('/a')
    file.appendSync(new Uint8Array(4))
    file.closeSync()
    const reader = fs.openRandomAccessSync('/a')
    fs.failCall(fs.calls, { flipBit: 32 + 9 })
    expect([...reader.readSync(0, 4)]).toEqual([0, 2, 0, 0])
    expect([...reader.readSync(0, 4)]).toEqual([0, 0, 0, 0])
    reader.closeSync()
  })

  it('gives back half of what is read', async () => {
    const fs = new FaultInjectionFileSystem(new MemoryFileSystem())
    const file = fs.openWritableSync('/a')
    file.appendSync(bytes('abcd'))
    file.closeSync()
    const reader = fs.openRandomAccessSync('/a')
    fs.failCall(fs.calls, { shortRead: true }, 3)
    expect([...reader.readSync(0, 4)]).toEqual([...bytes('ab')])
    expect(reader.readIntoSync(new Uint8Array(4), 0)).toBe(2)
    expect(await fs.readFile('/a')).toEqual(bytes('ab'))
    expect([...reader.readSync(0, 4)]).toEqual([...bytes('abcd')])
    reader.closeSync()
  })
})
