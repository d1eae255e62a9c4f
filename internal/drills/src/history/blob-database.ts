import {
  ByteWriter,
  bytewiseComparator,
  crc32c,
  encodeInternalKey,
  maskCrc32c,
  ValueType,
} from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import {
  blobFileName,
  encodeVersionEdit,
  manifestFileName,
  tableFileName,
  writeCurrent,
} from '@varve/manifest'
import { TableBuilder } from '@varve/sst-format'
import type { FileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import type { Content } from './content.ts'
import { bytesOf, textOf } from './latin1.ts'
import { writeFile } from './write-file.ts'

const blobNumber = 10
const tableNumber = 11
const magic = 0x0024_8f37
const recordHeaderBytes = 32
const footerBytes = 32
const blobIndexType = 1
const blobFileAdditionTag = 400

/** Writes a database as RocksDB's with values in a blob file; returns what it shows. */
export async function writeBlobDatabase(
  fs: FileSystem,
  path: string,
  random: SeededRandom,
): Promise<Content> {
  const content = new Map(
    Array.from({ length: 5 }, (_, i) => [`key0${i}`, textOf(random.bytes(random.below(300)))]),
  )
  await fs.mkdir(path)
  const { bytes, indexes } = encodeBlobFile(content)
  await writeFile(fs, `${path}/${blobFileName(blobNumber)}`, bytes)
  const file = await fs.openWritable(`${path}/${tableFileName(tableNumber)}`)
  const origin = { columnFamilyId: 0, columnFamilyName: 'default', fileNumber: tableNumber }
  const builder = new TableBuilder(file, { ...origin, comparator: bytewiseComparator })
  let summary
  try {
    for (const [n, [key, index]] of [...indexes].entries())
      builder.add(encodeInternalKey(bytesOf(key), n + 1, ValueType.BlobIndex), index)
    summary = builder.finish()
    await file.sync()
  } finally {
    await file.close()
  }
  await using manifest = await LogWriter.open(fs, `${path}/${manifestFileName(1)}`)
  const { name } = bytewiseComparator
  const lastSequence = content.size
  const first = {
    comparatorName: name,
    logNumber: 0,
    nextFileNumber: tableNumber + 1,
    lastSequence,
  }
  manifest.addRecord(encodeVersionEdit(first))
  const table = {
    number: tableNumber,
    fileSizeBytes: summary.fileSizeBytes,
    smallest: summary.smallest!,
    largest: summary.largest!,
    smallestSequence: summary.smallestSequence,
    largestSequence: summary.largestSequence,
    oldestBlobFileNumber: blobNumber,
  }
  manifest.addRecord(encodeVersionEdit({ columnFamily: 0, newFiles: [{ level: 0, file: table }] }))
  manifest.addRecord(encodeBlobAddition(content.size, bytes.length))
  await manifest.sync()
  await writeCurrent(fs, path, 1)
  return content
}

/** The edit that brings the blob file in; we write none ourselves. */
function encodeBlobAddition(count: number, totalBytes: number): Uint8Array {
  const body = new ByteWriter().varint(blobNumber).varint(count).varint(totalBytes)
  // No checksum: neither its method nor its value.
  body.byte(0).byte(0).byte(0)
  return new ByteWriter().varint(blobFileAdditionTag).raw(body.view()).toBytes()
}

/** The file as RocksDB's integrated BlobDB has it, and by key what its entry in the table says. */
function encodeBlobFile(content: Content): {
  readonly bytes: Uint8Array
  readonly indexes: ReadonlyMap<string, Uint8Array>
} {
  const out = new ByteWriter()
  // Version 1, family 0, no flags, no compression, no expiration.
  out.fixed32(magic).fixed32(1).fixed32(0).byte(0).byte(0).fixed64(0).fixed64(0)
  const indexes = new Map<string, Uint8Array>()
  for (const [key, value] of content) {
    const start = out.length
    out.fixed64(key.length).fixed64(value.length).fixed64(0)
    out.fixed32(maskCrc32c(crc32c(out.bytes, start, out.length)))
    const body = bytesOf(key + value)
    out.fixed32(maskCrc32c(crc32c(body, 0, body.length))).raw(body)
    const offset = start + recordHeaderBytes + key.length
    const index = new ByteWriter().byte(blobIndexType).varint(blobNumber).varint(offset)
    indexes.set(key, index.varint(value.length).byte(0).toBytes())
  }
  out.fixed32(magic).zeros(footerBytes - 4)
  return { bytes: out.toBytes(), indexes }
}
