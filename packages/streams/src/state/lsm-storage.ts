import { systemRandom, type Random } from '@varve/base'
import { DB, WriteBatch, type ColumnFamilyHandle, type DBOptions } from '@varve/lsm-core'
import { nodeFileSystem, type FileSystem } from '@varve/vfs'

import type { ByteRange, FamilyWrites, StateStorage, TaskDatabase } from './task-database.ts'

/** Where and how the databases of tasks are kept. */
export interface LsmStateStorageOptions {
  /** State is in `<directory>/<application id>/<task id>/`. */
  readonly directory: string
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
  /** Further options of every task's database. */
  readonly dbOptions?: Omit<DBOptions, 'columnFamilies' | 'createIfMissing' | 'fileSystem'>
  /** Survive also the loss of power: sync each commit. Default false, as the changelog makes up for it. */
  readonly sync?: boolean
  readonly random?: Random
}

const processIdFile = 'process-id'
const lockFile = '.lock'

class LsmTaskDatabase implements TaskDatabase {
  readonly #db: DB
  readonly #sync: boolean
  readonly #families = new Map<string, ColumnFamilyHandle>()

  constructor(db: DB, sync: boolean) {
    this.#db = db
    this.#sync = sync
    for (const family of db.columnFamilies) this.#families.set(family.name, family)
  }

  get(family: string, key: Uint8Array): Uint8Array | undefined {
    return this.#db.getSync(key, { cf: this.#family(family) })
  }

  *scan(family: string, range: ByteRange): Generator<readonly [Uint8Array, Uint8Array]> {
    using cursor = this.#db.cursor({ cf: this.#family(family), gte: range.gte, lt: range.lt })
    if (range.reverse === true) {
      for (cursor.seekToLast(); cursor.valid; cursor.prev()) {
        yield [new Uint8Array(cursor.key), new Uint8Array(cursor.value)]
      }
      return
    }
    for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
      yield [new Uint8Array(cursor.key), new Uint8Array(cursor.value)]
    }
  }

  write(writes: readonly FamilyWrites[]): void {
    const batch = new WriteBatch()
    for (const { family, rows } of writes) {
      const options = { cf: this.#family(family) }
      for (const { key, value } of rows) {
        if (value === null) batch.delete(key, options)
        else batch.put(key, value, options)
      }
    }
    this.#db.writeSync(batch, { sync: this.#sync })
  }

  clear(family: string): void {
    const rows = Array.from(this.scan(family, {}), ([key]) => ({ key, value: null }))
    this.write([{ family, rows }])
  }

  async close(): Promise<void> {
    await this.#db.close()
  }

  #family(name: string): ColumnFamilyHandle {
    return this.#families.get(name) ?? this.#db.columnFamily(name)
  }
}

/** State in one LSM database per task, whose files RocksDB's tools read. Stores are its column families. */
export function lsmStateStorage(options: LsmStateStorageOptions): StateStorage {
  const fileSystem = options.fileSystem ?? nodeFileSystem
  const random = options.random ?? systemRandom
  const folderOf = (applicationId: string): string => `${options.directory}/${applicationId}`
  const readProcessId = async (folder: string): Promise<string> => {
    const path = `${folder}/${processIdFile}`
    if (await fileSystem.exists(path)) {
      return Buffer.from(await fileSystem.readFile(path))
        .toString()
        .trim()
    }
    const id = random.uuid()
    await fileSystem.writeFileAtomic(path, Buffer.from(id))
    return id
  }
  return {
    async listTasks(applicationId) {
      const folder = folderOf(applicationId)
      if (!(await fileSystem.exists(folder))) return []
      const names = await fileSystem.list(folder)
      return names.filter((name) => /^\d+_\d+$/.test(name))
    },
    async open(applicationId, taskId, families) {
      const path = `${folderOf(applicationId)}/${taskId}`
      await fileSystem.mkdir(path)
      const existing = (await fileSystem.exists(`${path}/CURRENT`))
        ? await DB.listColumnFamilies(path, { fileSystem })
        : []
      const db = await DB.open(path, {
        writeBufferSizeBytes: 16 * 1024 * 1024,
        dbWriteBufferSizeBytes: 32 * 1024 * 1024,
        ...options.dbOptions,
        createIfMissing: true,
        createMissingColumnFamilies: true,
        columnFamilies: Object.fromEntries([...existing, ...families].map((name) => [name, {}])),
        fileSystem,
      })
      return new LsmTaskDatabase(db, options.sync ?? false)
    },
    async remove(applicationId, taskId) {
      const folder = folderOf(applicationId)
      const path = taskId === undefined ? folder : `${folder}/${taskId}`
      if (await fileSystem.exists(path)) await fileSystem.removeTree(path)
    },
    async acquire(applicationId) {
      const folder = folderOf(applicationId)
      await fileSystem.mkdir(folder)
      const lock = await fileSystem.lock(`${folder}/${lockFile}`)
      try {
        return { processId: await readProcessId(folder), release: () => lock.release() }
      } catch (error) {
        await lock.release()
        throw error
      }
    },
  }
}
