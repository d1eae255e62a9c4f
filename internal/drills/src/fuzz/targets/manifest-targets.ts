import { encodeInternalKey } from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import {
  decodeVersionEdit,
  encodeVersionEdit,
  formatOptionsFile,
  parseOptionsFile,
  readCurrent,
  readManifest,
  type FileMetadata,
  type VersionEdit,
} from '@varve/manifest'
import { MemoryFileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import type { FuzzTarget } from '../fuzz-target.ts'
import { logTarget } from './log-target.ts'

function makeFile(random: SeededRandom): FileMetadata {
  const key = (): Uint8Array =>
    encodeInternalKey(random.bytes(random.below(12)), random.below(1 << 30), 1)
  return {
    number: random.below(1 << 20),
    fileSizeBytes: random.below(1 << 30),
    smallest: key(),
    largest: key(),
    smallestSequence: random.below(1 << 20),
    largestSequence: random.below(1 << 30),
    ...(random.below(2) === 0 ? { uniqueId: random.bytes(16) } : {}),
    ...(random.below(3) === 0 ? { oldestAncestorTimeS: random.below(2 ** 31) } : {}),
    ...(random.below(3) === 0 ? { fileCreationTimeS: random.below(2 ** 31) } : {}),
    ...(random.below(4) === 0
      ? { fileChecksum: random.bytes(4), fileChecksumFunctionName: 'FileChecksumCrc32c' }
      : {}),
  }
}

function makeEdit(random: SeededRandom): VersionEdit {
  const some = (n: number): unknown[] => Array.from({ length: random.below(n) })
  return {
    ...(random.below(4) === 0 ? { dbId: random.uuid() } : {}),
    ...(random.below(3) === 0 ? { comparatorName: 'leveldb.BytewiseComparator' } : {}),
    ...(random.below(2) === 0 ? { logNumber: random.below(1 << 20) } : {}),
    ...(random.below(2) === 0 ? { nextFileNumber: random.below(1 << 20) } : {}),
    ...(random.below(2) === 0 ? { lastSequence: random.below(1 << 30) } : {}),
    ...(random.below(4) === 0 ? { minLogNumberToKeep: random.below(1 << 20) } : {}),
    ...(random.below(3) === 0 ? { columnFamily: random.below(5) } : {}),
    ...(random.below(6) === 0 ? { dropColumnFamily: true } : {}),
    deletedFiles: some(3).map(() => ({ level: random.below(7), number: random.below(1 << 20) })),
    newFiles: some(3).map(() => ({ level: random.below(7), file: makeFile(random) })),
  }
}

/** Version edits: what is decoded and encoded again is decoded the same. */
export const versionEditTarget: FuzzTarget = {
  name: 'version-edit',
  make: (random) => encodeVersionEdit(makeEdit(random)),
  run(input, { valid }) {
    const edit = decodeVersionEdit(input)
    const again = decodeVersionEdit(encodeVersionEdit(edit))
    // Only what is written here comes back: edits of newer releases hold more.
    if (valid && JSON.stringify(edit) !== JSON.stringify(again))
      throw new Error('an edit changes on the way')
  },
}

/** A MANIFEST as a whole, through CURRENT. */
export const manifestTarget: FuzzTarget = {
  name: 'manifest',
  make(random) {
    const fs = new MemoryFileSystem()
    const file = fs.openWritableSync('/MANIFEST-000005')
    const log = new LogWriter(file)
    const comparatorName = 'leveldb.BytewiseComparator'
    log.addRecord(
      encodeVersionEdit({ comparatorName, logNumber: 3, nextFileNumber: 9, lastSequence: 7 }),
    )
    log.addRecord(
      encodeVersionEdit({
        columnFamily: 1,
        addColumnFamily: 'other',
        comparatorName,
        logNumber: 3,
      }),
    )
    for (let n = random.below(4); n > 0; n--) {
      const newFiles = [{ level: random.below(7), file: { ...makeFile(random), number: 100 + n } }]
      log.addRecord(encodeVersionEdit({ columnFamily: random.below(2), newFiles }))
    }
    file.closeSync()
    return fs.readFileSync('/MANIFEST-000005')
  },
  repair: (input) => logTarget.repair!(input),
  async run(input) {
    const fs = directoryWith('CURRENT', new TextEncoder().encode('MANIFEST-000005\n'))
    put(fs, 'MANIFEST-000005', input)
    await readManifest(fs, '/db')
  },
  allocationMax: (inputBytes) => 65_536 * 4 + inputBytes * 64,
}

/** The text that names the MANIFEST. */
export const currentTarget: FuzzTarget = {
  name: 'current',
  make: (random) =>
    new TextEncoder().encode(`MANIFEST-${String(random.below(1e6)).padStart(6, '0')}\n`),
  async run(input) {
    const number = await readCurrent(directoryWith('CURRENT', input), '/db')
    if (!Number.isSafeInteger(number) || number < 0) throw new Error(`MANIFEST ${number}`)
  },
}

/** OPTIONS files: what is parsed and formatted again is parsed the same. */
export const optionsTarget: FuzzTarget = {
  name: 'options',
  make(random) {
    const text = formatOptionsFile({
      version: new Map([
        ['rocksdb_version', '7.8.3'],
        ['options_file_version', '1.1'],
      ]),
      database: new Map([['create_if_missing', 'true']]),
      families: ['default', 'a b', 'c]d'].slice(0, 1 + random.below(3)).map((name) => ({
        name,
        options: new Map([
          ['comparator', 'leveldb.BytewiseComparator'],
          ['write_buffer_size', String(random.below(1 << 30))],
          ['compaction_options_fifo', '{max_table_files_size=1073741824;age_for_warm=0;}'],
        ]),
        table: new Map([['block_size', String(random.below(1 << 20))]]),
      })),
    })
    return new TextEncoder().encode(text)
  },
  run(input) {
    const options = parseOptionsFile(new TextDecoder().decode(input))
    const again = parseOptionsFile(formatOptionsFile(options))
    if (again.families.length !== options.families.length)
      throw new Error('families change on the way')
  },
}

function directoryWith(name: string, content: Uint8Array): MemoryFileSystem {
  const fs = new MemoryFileSystem()
  void fs.mkdir('/db')
  put(fs, name, content)
  return fs
}

function put(fs: MemoryFileSystem, name: string, content: Uint8Array): void {
  const file = fs.openWritableSync(`/db/${name}`)
  file.appendSync(content)
  file.closeSync()
}
