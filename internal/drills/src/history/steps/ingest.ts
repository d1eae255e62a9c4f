import { InvalidOptionError } from '@varve/base'
import { SstFileWriter } from '@varve/lsm-core'
import {
  computeFileChecksum,
  createPointResult,
  encodeInternalKey,
  FILE_CHECKSUM_CRC32C,
  TableReader,
  ValueType,
  verifyFileChecksum,
} from '@varve/sst-format'

import { ask } from '../batches.ts'
import { emptyContent, sortedKeys, type Change } from '../content.ts'
import { bytesOf, textOf } from '../latin1.ts'
import type { LiveHistory } from '../live-history.ts'
import type { FamilySetup } from '../setup.ts'
import { write } from './write.ts'

/** A table that was written outside. */
export async function ingest(history: LiveHistory): Promise<void> {
  const { random, fileSystem } = history
  const candidates = history.families.filter(
    ({ setup }) => setup.logged && setup.options.ttlSeconds === undefined,
  )
  if (candidates.length === 0) return write(history)
  const family = random.pick(candidates)
  const list = history.changes
    .batch(family.setup, emptyContent, 1 + random.below(6))
    .filter(({ kind }) => kind === 'put' || kind === 'delete')
  const latest = new Map(list.map((change) => [change.key, change]))
  const keys = sortedKeys(new Map(list.map(({ key }) => [key, ''])), family.setup)
  if (keys.length === 0) return write(history)
  const changes = keys.map((key) => latest.get(key)!)
  const path = `${history.path}-external-${history.nextName()}.sst`
  if (random.below(8) === 0) await beRefused(history, path)
  if (random.below(8) === 0) await giveUp(history, path)
  await writeTable(history, path, family.setup, changes)
  if (random.below(3) === 0) await readTable(history, path, family.setup, changes)
  const { main } = history.ledger
  const { number } = ask(main, [[family, changes]])
  await history.db.ingestExternalFile(path, { cf: family.handle })
  main.keep(number, 'power')
  await fileSystem.remove(path)
}

/** Options that no table can have are refused, and the file is closed. */
async function beRefused({ fileSystem }: LiveHistory, path: string): Promise<void> {
  try {
    await SstFileWriter.open(path, { fileSystem, formatVersion: 1 })
  } catch (error) {
    if (error instanceof InvalidOptionError) return
    throw error
  }
  throw new Error('a table of format version 1 is not refused')
}

/** A table that is begun and not finished is removed. */
async function giveUp({ fileSystem }: LiveHistory, path: string): Promise<void> {
  {
    await using writer = await SstFileWriter.open(path, { fileSystem })
    writer.put('key', 'value')
  }
  if (await fileSystem.exists(path)) throw new Error(`"${path}" is left though it was given up`)
}

async function writeTable(
  { fileSystem }: LiveHistory,
  path: string,
  { options: { comparator } }: FamilySetup,
  changes: readonly Change[],
): Promise<void> {
  await using writer = await SstFileWriter.open(path, {
    fileSystem,
    ...(comparator === undefined ? {} : { comparator }),
  })
  for (const change of changes) {
    if (change.kind === 'put') writer.put(bytesOf(change.key), bytesOf(change.value))
    else writer.delete(bytesOf(change.key))
  }
  await writer.finish()
}

/** As one who uses tables without a database: key by key, without blocking, and by the checksum of the whole file. */
async function readTable(
  { fileSystem }: LiveHistory,
  path: string,
  { options: { comparator } }: FamilySetup,
  changes: readonly Change[],
): Promise<void> {
  const checksum = await computeFileChecksum(fileSystem, path)
  await using table = await TableReader.open(
    fileSystem,
    path,
    comparator === undefined ? {} : { comparator },
  )
  const result = createPointResult()
  for (const change of changes) {
    // Above the sequence numbers of all versions.
    const target = encodeInternalKey(bytesOf(change.key), 1, ValueType.Value)
    const isThere = await table.get(target, result)
    const found = isThere && result.type === ValueType.Value ? textOf(result.value) : undefined
    if (found !== (change.kind === 'put' ? change.value : undefined))
      throw new Error(`external table shows another value for ${JSON.stringify(change.key)}`)
  }
  await verifyFileChecksum(fileSystem, path, FILE_CHECKSUM_CRC32C, checksum)
}
