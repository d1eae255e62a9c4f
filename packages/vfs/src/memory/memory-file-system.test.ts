import { VirtualClock } from '@varve/base/testing'
import { describe, expect, it } from 'vitest'

import { ioErrorCode, MemoryFileSystem } from '../index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array): string => new TextDecoder().decode(data)

async function prepared(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem()
  await fs.mkdir('/d')
  await fs.syncDirectory('/')
  return fs
}

describe('MemoryFileSystem after a loss of power', () => {
  it('forgets content that was not synced and names whose directory was not', async () => {
    const fs = await prepared()
    const a = fs.openWritableSync('/d/a')
    a.appendSync(bytes('kept'))
    a.syncSync()
    await fs.syncDirectory('/d')
    a.appendSync(bytes(' lost'))
    const b = fs.openWritableSync('/d/b')
    b.appendSync(bytes('synced, but nameless'))
    b.syncSync()
    fs.crash()
    expect(await fs.list('/d')).toEqual(['a'])
    expect(text(fs.readFileSync('/d/a'))).toBe('kept')
    expect(() => a.appendSync(bytes('x'))).toThrow('bad file descriptor')
  })

  it('undoes a rename, a removal and a cut that were not made durable', async () => {
    const fs = await prepared()
    await fs.writeFileAtomic('/d/current', bytes('old'))
    const log = fs.openWritableSync('/d/log')
    log.appendSync(bytes('0123456789'))
    log.syncSync()
    await fs.syncDirectory('/d')
    await log.truncate(4)
    const temporary = fs.openWritableSync('/d/tmp')
    temporary.appendSync(bytes('new'))
    temporary.syncSync()
    await fs.rename('/d/tmp', '/d/current')
    await fs.remove('/d/log')
    fs.crash()
    expect(text(fs.readFileSync('/d/current'))).toBe('old')
    expect(text(fs.readFileSync('/d/log'))).toBe('0123456789')
  })

  it('brings back what was written over and not synced, in part or in any order', async () => {
    const fs = await prepared()
    const old = fs.openWritableSync('/d/a')
    old.appendSync(bytes('-'.repeat(2000)))
    old.syncSync()
    old.closeSync()
    await fs.syncDirectory('/d')
    const file = fs.openWritableSync('/d/a', { mode: 'overwrite' })
    file.appendSync(bytes('+'.repeat(300)))
    file.syncSync()
    file.appendSync(bytes('x'.repeat(1000)))
    file.appendSync(bytes('y'.repeat(1000)))
    expect(text(fs.forkAfterPowerLoss().readFileSync('/d/a'))).toBe(
      '+'.repeat(300) + '-'.repeat(1700),
    )
    let outOfOrder = 0
    for (let seed = 1; seed <= 30; seed++) {
      const inOrder = text(fs.forkAfterPowerLoss({ seed }).readFileSync('/d/a'))
      expect(inOrder).toMatch(/^\+{300}x*-*y*-*y*$/)
      const anyOrder = text(fs.forkAfterPowerLoss({ seed, reordered: true }).readFileSync('/d/a'))
      expect(anyOrder.slice(0, 300)).toBe('+'.repeat(300))
      expect(anyOrder.length).toBeLessThanOrEqual(2300)
      for (const at of [300, 511, 512, 1023, 1024, 1299]) expect(['x', '-']).toContain(anyOrder[at])
      expect(anyOrder.slice(512, 1024)).toMatch(/^x*-*$/)
      if (/\+-+x/.test(anyOrder)) outOfOrder++
    }
    expect(outOfOrder).toBeGreaterThan(0)
    file.syncSync()
    expect(text(fs.forkAfterPowerLoss().readFileSync('/d/a'))).toMatch(/^\+{300}x{1000}y{1000}$/)
    file.closeSync()
  })

  it('lets a random part of the tail and of the names survive, the same for the same seed', async () => {
    const fs = await prepared()
    const file = fs.openWritableSync('/d/a')
    await fs.syncDirectory('/d')
    file.appendSync(bytes('x'.repeat(1000)))
    for (const name of ['p', 'q', 'r']) fs.openWritableSync(`/d/${name}`).closeSync()
    const seen = new Set<number>()
    const names = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      const one = fs.forkAfterPowerLoss({ seed })
      const two = fs.forkAfterPowerLoss({ seed })
      const size = one.readFileSync('/d/a').length
      expect(two.readFileSync('/d/a').length).toBe(size)
      seen.add(size)
      names.add((await one.list('/d')).join(''))
    }
    expect(seen.size).toBeGreaterThan(5)
    // A journal keeps the order of name changes.
    for (const list of names) expect('apqr'.startsWith(list)).toBe(true)
    expect(text(fs.readFileSync('/d/a')).length).toBe(1000)
    file.closeSync()
  })

  it('keeps everything handed to the kernel when only the process dies, and drops locks', async () => {
    const fs = await prepared()
    fs.openWritableSync('/d/a').appendSync(bytes('kept'))
    await fs.lock('/d/LOCK')
    fs.crash({ loss: 'process' })
    expect(text(fs.readFileSync('/d/a'))).toBe('kept')
    await (await fs.lock('/d/LOCK')).release()
  })
})

describe('MemoryFileSystem as a disk', () => {
  it('is full at its capacity and takes more after a removal', async () => {
    const fs = new MemoryFileSystem({ capacityBytes: 10, clock: new VirtualClock(5) })
    const file = fs.openWritableSync('/a')
    file.appendSync(new Uint8Array(8))
    let failure: unknown
    try {
      file.appendSync(new Uint8Array(3))
    } catch (error) {
      failure = error
    }
    expect(ioErrorCode(failure)).toBe('ENOSPC')
    expect((await fs.stat('/a')).modifiedMs).toBe(5)
    fs.removeSync('/a')
    fs.openWritableSync('/b').appendSync(new Uint8Array(10))
  })
})

describe('MemoryFileSystem forked', () => {
  it('has after the death of the process all that was written, and of that synced what is', async () => {
    const fs = await prepared()
    const file = fs.openWritableSync('/d/a')
    file.appendSync(bytes('synced'))
    file.syncSync()
    await fs.syncDirectory('/d')
    file.appendSync(bytes(' unsynced'))
    fs.openWritableSync('/d/b').closeSync()
    const fork = fs.forkAfterProcessDeath()
    file.appendSync(bytes(' later'))
    expect(text(fork.readFileSync('/d/a'))).toBe('synced unsynced')
    expect(await fork.list('/d')).toEqual(['a', 'b'])
    fork.crash()
    expect(text(fork.readFileSync('/d/a'))).toBe('synced')
    expect(await fork.list('/d')).toEqual(['a'])
    expect(text(fs.readFileSync('/d/a'))).toBe('synced unsynced later')
    file.closeSync()
  })

  it('loses sectors in the middle of a tail when the disk wrote in an order of its own, never of what was synced', async () => {
    const fs = await prepared()
    const file = fs.openWritableSync('/d/a')
    await fs.syncDirectory('/d')
    file.appendSync(new Uint8Array(700).fill(1))
    file.syncSync()
    file.appendSync(new Uint8Array(5000).fill(2))
    let holes = 0
    for (let seed = 1; seed <= 30; seed++) {
      const left = fs.forkAfterPowerLoss({ seed, reordered: true }).readFileSync('/d/a')
      expect(left.subarray(0, 700).every((byte) => byte === 1)).toBe(true)
      const tail = left.subarray(700)
      expect(tail.every((byte) => byte === 2 || byte === 0)).toBe(true)
      const lost = tail.indexOf(0)
      if (lost >= 0 && tail.includes(2, lost)) holes++
    }
    expect(holes).toBeGreaterThan(5)
    file.closeSync()
  })
})
