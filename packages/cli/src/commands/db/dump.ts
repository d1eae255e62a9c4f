import { compareBytes, sequenceOf, userKeyOf, ValueType, valueTypeOf } from '@varve/base'
import { readManifestRecords } from '@varve/manifest'
import { TableReader, type TableProperties } from '@varve/sst-format'
import { nodeFileSystem } from '@varve/vfs'
import { iterateWriteBatch, LogReader, readWriteBatches } from '@varve/wal'
import type { Command } from 'commander'

import { formatBytes, parseBytes } from '../../render/bytes.ts'
import { jsonBytes, printLine, styleOf, wholeNumber } from './open.ts'

const typeNames = new Map<number, string>(
  Object.entries(ValueType).map(([name, type]) => [type, name]),
)

interface DumpOptions {
  readonly hex?: boolean
  readonly json?: boolean
}

interface TableDumpOptions extends DumpOptions {
  readonly entries: boolean
  readonly from?: string
  readonly to?: string
  readonly limit?: number
  readonly verify?: boolean
}

/** `dump-wal`, `dump-manifest`, `dump-sst`: the content of one file, record by record. */
export function addDumpCommands(db: Command): void {
  dumpOptions(db.command('dump-wal <file>'))
    .description('the write batches of a log')
    .action(dumpLog)
  db.command('dump-manifest <file>')
    .description('the version edits of a MANIFEST, one JSON object a line')
    .action(async (file: string) => {
      for (const { offset, edit } of await readManifestRecords(nodeFileSystem, file)) {
        const text = JSON.stringify(edit, (_name, value: unknown) =>
          value instanceof Uint8Array ? formatBytes(value, 'hex') : value,
        )
        printLine(`${offset} ${text}`)
      }
    })
  dumpOptions(db.command('dump-sst <file>'))
    .description('properties and entries of a table')
    .option('--no-entries', 'properties alone')
    .option('--from <key>', 'first key (0x… for bytes)')
    .option('--to <key>', 'key before which to stop')
    .option('--limit <n>', 'entries at most', wholeNumber)
    .option('--verify', 'read and check every block first')
    .action(dumpTable)
}

function dumpOptions(command: Command): Command {
  return command
    .option('--hex', 'show all bytes in hexadecimal')
    .option('--json', 'one JSON object a line')
}

async function dumpLog(file: string, options: DumpOptions): Promise<void> {
  const style = styleOf(options)
  const show = (bytes: Uint8Array): string => formatBytes(bytes, style)
  for await (const batch of readWriteBatches(await LogReader.open(nodeFileSystem, file))) {
    const entries: { text: string; json: object }[] = []
    const add = (
      operation: string,
      cf: number,
      key: Uint8Array,
      value?: Uint8Array,
      separator: string = '==>',
    ): void => {
      entries.push({
        text: `${operation} ${cf} ${show(key)}${value === undefined ? '' : ` ${separator} ${show(value)}`}`,
        json: {
          operation,
          cf,
          key: jsonBytes(key, style),
          ...(value === undefined ? {} : { value: jsonBytes(value, style) }),
        },
      })
    }
    iterateWriteBatch(batch.data, {
      put: (cf, key, value) => add('put', cf, key, value),
      delete: (cf, key) => add('delete', cf, key),
      singleDelete: (cf, key) => add('single delete', cf, key),
      merge: (cf, key, operand) => add('merge', cf, key, operand),
      deleteRange: (cf, begin, end) => add('delete range', cf, begin, end, '…'),
      logData: (blob) =>
        entries.push({
          text: `log data ${show(blob)}`,
          json: { operation: 'log data', value: jsonBytes(blob, style) },
        }),
      other: (type, cf, key) => add(typeNames.get(type) ?? String(type), cf, key),
    })
    if (options.json === true) {
      printLine(
        JSON.stringify({
          sequence: batch.sequence,
          count: batch.count,
          entries: entries.map(({ json }) => json),
        }),
      )
      continue
    }
    printLine(`sequence ${batch.sequence}, ${batch.count} entries`)
    for (const { text } of entries) printLine(`  ${text}`)
  }
}

async function dumpTable(file: string, options: TableDumpOptions): Promise<void> {
  const style = styleOf(options)
  const isJson = options.json === true
  await using table = await TableReader.open(nodeFileSystem, file)
  if (options.verify === true) await table.verify()
  printProperties(table.properties, table.formatVersion, isJson)
  if (!options.entries) return
  const from = options.from === undefined ? undefined : parseBytes(options.from)
  const to = options.to === undefined ? undefined : parseBytes(options.to)
  for (const { start, end, sequence } of table.rangeTombstones) {
    const type = 'RangeDeletion'
    printLine(
      isJson
        ? JSON.stringify({
            key: jsonBytes(start, style),
            end: jsonBytes(end, style),
            sequence,
            type,
          })
        : `${formatBytes(start, style)} … ${formatBytes(end, style)} @ ${sequence} : ${type}`,
    )
  }
  const order = table.comparator.user
  let left = options.limit ?? Number.POSITIVE_INFINITY
  for (const { key, value } of table.entries()) {
    const userKey = userKeyOf(key)
    if (from !== undefined && order.compare(userKey, from) < 0) continue
    if (to !== undefined && order.compare(userKey, to) >= 0) break
    if (left-- <= 0) break
    const type = typeNames.get(valueTypeOf(key)) ?? valueTypeOf(key)
    printLine(
      isJson
        ? JSON.stringify({
            key: jsonBytes(userKey, style),
            sequence: sequenceOf(key),
            type,
            value: jsonBytes(value, style),
          })
        : `${formatBytes(userKey, style)} @ ${sequenceOf(key)} : ${type} ==> ${formatBytes(value, style)}`,
    )
  }
}

function printProperties(
  properties: TableProperties,
  formatVersion: number,
  isJson: boolean,
): void {
  const others = [...properties.others].sort(([a], [b]) =>
    compareBytes(new TextEncoder().encode(a), new TextEncoder().encode(b)),
  )
  const shown: [string, unknown][] = [
    ['formatVersion', formatVersion],
    ...Object.entries(properties).filter(([, value]) => typeof value !== 'object'),
    ...others.map(([name, value]): [string, unknown] => [name, formatBytes(value, 'text')]),
  ]
  if (isJson) printLine(JSON.stringify({ properties: Object.fromEntries(shown) }))
  else for (const [name, value] of shown) printLine(`${name}: ${String(value)}`)
}
