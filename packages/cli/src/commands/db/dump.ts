import { sequenceOf, userKeyOf, ValueType, valueTypeOf } from '@varve/base'
import { readManifestRecords } from '@varve/manifest'
import { TableReader } from '@varve/sst-format'
import { nodeFileSystem } from '@varve/vfs'
import { iterateWriteBatch, LogReader, readWriteBatches } from '@varve/wal'
import type { Command } from 'commander'

import { formatBytes, type ByteStyle } from '../../render/bytes.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const typeNames = new Map<number, string>(
  Object.entries(ValueType).map(([name, type]) => [type, name]),
)

interface DumpOptions {
  readonly hex?: boolean
}

/** `dump-wal`, `dump-manifest`, `dump-sst`: the content of one file, record by record. */
export function addDumpCommands(db: Command): void {
  db.command('dump-wal <file>')
    .description('the write batches of a log')
    .option('--hex', 'show all bytes in hexadecimal')
    .action(async (file: string, options: DumpOptions) => {
      const show = shower(options)
      for await (const batch of readWriteBatches(await LogReader.open(nodeFileSystem, file))) {
        print(`sequence ${batch.sequence}, ${batch.count} entries`)
        iterateWriteBatch(batch.data, {
          put: (cf, key, value) => print(`  put ${cf} ${show(key)} ==> ${show(value)}`),
          delete: (cf, key) => print(`  delete ${cf} ${show(key)}`),
          singleDelete: (cf, key) => print(`  single delete ${cf} ${show(key)}`),
          merge: (cf, key, operand) => print(`  merge ${cf} ${show(key)} ==> ${show(operand)}`),
          deleteRange: (cf, begin, end) =>
            print(`  delete range ${cf} ${show(begin)} … ${show(end)}`),
          logData: (blob) => print(`  log data ${show(blob)}`),
          other: (type, cf, key) => print(`  ${typeNames.get(type) ?? type} ${cf} ${show(key)}`),
        })
      }
    })
  db.command('dump-manifest <file>')
    .description('the version edits of a MANIFEST, one JSON object a line')
    .action(async (file: string) => {
      for (const { offset, edit } of await readManifestRecords(nodeFileSystem, file)) {
        print(
          `${offset} ${JSON.stringify(edit, (_name, value: unknown) => (value instanceof Uint8Array ? formatBytes(value, 'hex') : value))}`,
        )
      }
    })
  db.command('dump-sst <file>')
    .description('properties and entries of a table')
    .option('--hex', 'show all bytes in hexadecimal')
    .action(async (file: string, options: DumpOptions) => {
      const show = shower(options)
      const table = await TableReader.open(nodeFileSystem, file)
      try {
        for (const [name, value] of Object.entries(table.properties)) {
          if (typeof value !== 'object') print(`${name}: ${String(value)}`)
        }
        for (const { start, end, sequence } of table.rangeTombstones) {
          print(`${show(start)} … ${show(end)} @ ${sequence} : RangeDeletion`)
        }
        for (const { key, value } of table.entries()) {
          const type = valueTypeOf(key)
          print(
            `${show(userKeyOf(key))} @ ${sequenceOf(key)} : ${typeNames.get(type) ?? type} ==> ${show(value)}`,
          )
        }
      } finally {
        await table.close()
      }
    })
}

function shower(options: DumpOptions): (bytes: Uint8Array) => string {
  const style: ByteStyle = options.hex === true ? 'hex' : 'text'
  return (bytes) => formatBytes(bytes, style)
}
