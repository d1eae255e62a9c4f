import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { IoError, LockedError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import {
  FaultInjectionFileSystem,
  ioErrorCode,
  isNotFound,
  MemoryFileSystem,
  nodeFileSystem,
  type FileSystem,
} from './index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array): string => new TextDecoder().decode(data)

const implementations: readonly {
  name: string
  create(): { fs: FileSystem; root: string; remove(): void }
}[] = [
  {
    name: 'NodeFileSystem',
    create() {
      const root = mkdtempSync(join(tmpdir(), 'varve-vfs-'))
      return { fs: nodeFileSystem, root, remove: () => rmSync(root, { recursive: true }) }
    },
  },
  {
    name: 'MemoryFileSystem',
    create: () => ({ fs: new MemoryFileSystem(), root: '/', remove: () => undefined }),
  },
  {
    name: 'FaultInjectionFileSystem without faults',
    create: () => ({
      fs: new FaultInjectionFileSystem(new MemoryFileSystem()),
      root: '/',
      remove: () => undefined,
    }),
  },
]

for (const { name, create } of implementations) {
  describe(name, () => {
    let fs: FileSystem
    let root: string
    let remove: () => void
    const at = (path: string): string => join(root, path)

    beforeEach(() => {
      ;({ fs, root, remove } = create())
    })
    afterEach(() => {
      remove()
      assertNoOpenResources()
    })

    it('appends, cuts and reads at positions', async () => {
      const file = await fs.openWritable(at('a'))
      file.appendSync(bytes('hello '))
      file.appendvSync([bytes('wor'), bytes(''), bytes('ld')])
      await file.append(bytes('!?'))
      expect(file.sizeBytes).toBe(13)
      await file.truncate(12)
      await file.sync()
      file.syncSync()
      expect(file.sizeBytes).toBe(12)
      const reader = await fs.openRandomAccess(at('a'))
      expect(text(reader.readSync(6, 5))).toBe('world')
      expect(text(await reader.read(6, 500))).toBe('world!')
      expect(reader.readSync(100, 5).length).toBe(0)
      const target = new Uint8Array(4)
      expect(reader.readIntoSync(target, 10)).toBe(2)
      expect(text(target.subarray(0, 2))).toBe('d!')
      file.appendSync(bytes('more'))
      expect(reader.refreshSize()).toBe(16)
      await reader.close()
      await reader.close()
      await file.close()
      await file.close()
      expect(text(await fs.readFile(at('a')))).toBe('hello world!more')
    })

    it('opens for appending, anew, and only when missing', async () => {
      const write = (mode: 'create' | 'append' | 'exclusive', data: string): void => {
        const file = fs.openWritableSync(at('f'), { mode })
        file.appendSync(bytes(data))
        file.closeSync()
      }
      write('exclusive', 'one')
      write('append', 'two')
      expect(text(fs.readFileSync(at('f')))).toBe('onetwo')
      write('create', 'x')
      expect(text(fs.readFileSync(at('f')))).toBe('x')
      expect(() => write('exclusive', 'y')).toThrow(IoError)
    })

    it('makes a file longer ahead of its position, and cuts it back', () => {
      const file = fs.openWritableSync(at('f'))
      file.appendSync(bytes('one'))
      file.preallocateSync(8)
      file.preallocateSync(5)
      expect([file.sizeBytes, file.allocatedBytes]).toEqual([3, 8])
      expect([...fs.readFileSync(at('f'))]).toEqual([...bytes('one'), 0, 0, 0, 0, 0])
      file.appendSync(bytes('two'))
      expect([file.sizeBytes, file.allocatedBytes]).toEqual([6, 8])
      file.truncateSync(file.sizeBytes)
      expect([file.sizeBytes, file.allocatedBytes]).toEqual([6, 6])
      file.appendSync(bytes('three'))
      expect([file.sizeBytes, file.allocatedBytes]).toEqual([11, 11])
      file.closeSync()
      expect(text(fs.readFileSync(at('f')))).toBe('onetwothree')
    })

    it('writes over what is in a file', () => {
      const write = (mode: 'create' | 'overwrite', data: string): number => {
        const file = fs.openWritableSync(at('f'), { mode })
        file.appendSync(bytes(data))
        const { allocatedBytes } = file
        file.closeSync()
        return allocatedBytes
      }
      write('create', '123456')
      expect(write('overwrite', 'abc')).toBe(6)
      expect(text(fs.readFileSync(at('f')))).toBe('abc456')
      expect(write('overwrite', 'abcdefgh')).toBe(8)
      expect(text(fs.readFileSync(at('f')))).toBe('abcdefgh')
    })

    it('lists, renames, links and removes', async () => {
      await fs.mkdir(at('d/e'))
      await fs.mkdir(at('d/e'))
      await fs.writeFileAtomic(at('d/b'), bytes('1'))
      await fs.writeFileAtomic(at('d/b'), bytes('2'))
      await fs.link(at('d/b'), at('d/a'))
      expect(await fs.list(at('d'))).toEqual(['a', 'b', 'e'])
      await fs.rename(at('d/b'), at('d/e/c'))
      fs.removeSync(at('d/a'))
      expect(await fs.list(at('d'))).toEqual(['e'])
      expect(text(await fs.readFile(at('d/e/c')))).toBe('2')
      const stat = await fs.stat(at('d/e/c'))
      expect([stat.sizeBytes, stat.isDirectory]).toEqual([1, false])
      expect((await fs.stat(at('d'))).isDirectory).toBe(true)
      await fs.syncDirectory(at('d'))
      fs.syncDirectorySync(at('d'))
      await fs.remove(at('d/e/c'))
      await fs.removeTree(at('d'))
      await fs.removeTree(at('d'))
      expect(await fs.exists(at('d'))).toBe(false)
    })

    it('reports what is missing with the code of the system', async () => {
      const failures = await Promise.all(
        [
          fs.readFile(at('no')),
          fs.openRandomAccess(at('no')),
          fs.openWritable(at('no/file')),
          fs.stat(at('no')),
          fs.list(at('no')),
          fs.remove(at('no')),
          fs.rename(at('no'), at('other')),
        ].map((attempt) =>
          attempt.then(
            () => undefined,
            (error: unknown) => error,
          ),
        ),
      )
      for (const error of failures) {
        expect(error).toBeInstanceOf(IoError)
        expect(isNotFound(error)).toBe(true)
        expect(ioErrorCode(error)).toBe('ENOENT')
      }
    })

    it('locks a file against a second holder until it is released', async () => {
      const lock = await fs.lock(at('LOCK'))
      await expect(fs.lock(at('LOCK'))).rejects.toThrow(LockedError)
      const other = await fs.lock(at('OTHER'))
      await lock.release()
      await lock.release()
      const again = await fs.lock(at('LOCK'))
      await again.release()
      await other.release()
      expect(await fs.exists(at('LOCK'))).toBe(true)
    })
  })
}
