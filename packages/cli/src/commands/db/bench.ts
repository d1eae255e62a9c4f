import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { DB, type CompressionName } from '@varve/lsm-core'
import { InvalidArgumentError, Option, type Command } from 'commander'

import { workloads, type BenchContext } from '../../bench/workloads.ts'
import { printLine, wholeNumber } from './open.ts'

interface BenchOptions {
  readonly benchmarks: string
  readonly num: number
  readonly reads?: number
  readonly keySize: number
  readonly valueSize: number
  readonly batchSize: number
  readonly seed?: number
  readonly compression: CompressionName
  readonly bloomBits: number
  readonly writeBufferSize: number
  readonly sync?: boolean
  readonly disableWal?: boolean
  readonly useExistingDb?: boolean
  readonly json?: boolean
}

/** `bench`: workloads by the names that RocksDB's db_bench gives them, on a database of their own. */
export function addBenchCommand(db: Command): void {
  db.command('bench [dir]')
    .description('time workloads; without a directory in a temporary one')
    .option(
      '--benchmarks <names>',
      `between commas: ${Object.keys(workloads).join(', ')}`,
      'fillseq,fillrandom,overwrite,readrandom,readmissing,seekrandom,readseq,readreverse',
    )
    .option('--num <n>', 'keys', wholeNumber, 100_000)
    .option('--reads <n>', 'reads; default: as many as there are keys', wholeNumber)
    .option('--key-size <n>', 'bytes of a key', wholeNumber, 16)
    .option('--value-size <n>', 'bytes of a value', wholeNumber, 100)
    .option('--batch-size <n>', 'entries of a write batch', wholeNumber, 1)
    .option('--seed <n>', 'of keys and values; default: another one each time', wholeNumber)
    .addOption(
      new Option('--compression <name>', 'of tables')
        .choices(['none', 'snappy', 'lz4', 'lz4hc', 'zstd', 'zlib'])
        .default('snappy'),
    )
    .option('--bloom-bits <n>', 'bits of a key in filters', wholeNumber, 10)
    .option('--write-buffer-size <bytes>', 'size of a memtable', wholeNumber, 64 << 20)
    .option('--sync', 'sync every write')
    .option('--disable-wal', 'write past the log')
    .option('--use-existing-db', 'work on the database that is there')
    .option('--json', 'one JSON object a line')
    .action(runBenchmarks)
}

async function runBenchmarks(directory: string | undefined, options: BenchOptions): Promise<void> {
  const names = options.benchmarks.split(',').map((name) => name.trim())
  for (const name of names)
    if (!Object.hasOwn(workloads, name)) throw new Error(`no benchmark "${name}"`)
  if (options.keySize < 8) throw new InvalidArgumentError('keys have 8 bytes at least')
  if (options.useExistingDb === true && directory === undefined)
    throw new Error('--use-existing-db needs a directory')
  const temporary =
    directory === undefined ? await mkdtemp(join(tmpdir(), 'varve-bench-')) : undefined
  try {
    await using db = await DB.open(directory ?? temporary!, {
      createIfMissing: true,
      ...(options.useExistingDb === true || temporary !== undefined ? {} : { errorIfExists: true }),
      columnFamilies: {
        default: {
          compression: options.compression,
          bloomBitsPerKey: options.bloomBits,
          writeBufferSizeBytes: options.writeBufferSize,
        },
      },
    })
    const seed = options.seed ?? randomInt(2 ** 31)
    if (options.json !== true)
      printLine(
        `${options.num} keys of ${options.keySize} bytes, values of ${options.valueSize}, seed ${seed}`,
      )
    const context = contextOf(db, options, seed)
    for (const name of names) report(name, await timed(() => workloads[name]!(context)), options)
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true })
  }
}

function contextOf(db: DB, options: BenchOptions, seed: number): BenchContext {
  const { num, keySize, valueSize } = options
  const random = xorshift(seed)
  const key = new Uint8Array(keySize).fill(0x30)
  const noise = new Uint8Array(1 << 16)
  // Every second stretch repeats, so that compression halves it.
  for (let i = 0; i < noise.length; i++)
    noise[i] = (i >> 5) & 1 ? noise[i - 32]! : 32 + (random() % 95)
  return {
    db,
    num,
    reads: options.reads ?? num,
    batchSize: Math.max(1, options.batchSize),
    sync: options.sync === true,
    disableWal: options.disableWal === true,
    below: (n) => random() % n,
    key: (i) => {
      let rest = i
      for (let at = keySize - 1; at >= 0; at--) {
        key[at] = 0x30 + (rest % 10)
        rest = Math.floor(rest / 10)
      }
      return key
    },
    value: () => {
      const start = random() % Math.max(1, noise.length - valueSize)
      return valueSize <= noise.length
        ? noise.subarray(start, start + valueSize)
        : new Uint8Array(valueSize).map((_, i) => noise[i % noise.length]!)
    },
  }
}

/** Marsaglia's generator: the same numbers for the same seed, everywhere. */
function xorshift(seed: number): () => number {
  let x = seed | 0 || 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
}

async function timed<T>(
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly ms: number }> {
  const start = performance.now()
  const result = await run()
  return { result, ms: performance.now() - start }
}

function report(
  name: string,
  {
    result,
    ms,
  }: {
    readonly result: {
      readonly operations: number
      readonly bytes: number
      readonly found?: number
    }
    readonly ms: number
  },
  options: BenchOptions,
): void {
  const { operations, bytes, found } = result
  const microsPerOperation = operations === 0 ? 0 : (ms * 1000) / operations
  const operationsPerSecond = ms === 0 ? 0 : Math.round((operations * 1000) / ms)
  const mebibytesPerSecond = ms === 0 ? 0 : bytes / 1.048576 / 1000 / ms
  if (options.json === true) {
    printLine(
      JSON.stringify({
        benchmark: name,
        operations,
        milliseconds: Math.round(ms),
        microsPerOperation: Number(microsPerOperation.toFixed(3)),
        operationsPerSecond,
        mebibytesPerSecond: Number(mebibytesPerSecond.toFixed(1)),
        ...(found === undefined ? {} : { found }),
      }),
    )
    return
  }
  const rate = bytes > 0 ? `; ${mebibytesPerSecond.toFixed(1).padStart(7)} MiB/s` : ''
  const hits = found === undefined ? '' : ` (${found} of ${operations} found)`
  printLine(
    `${name.padEnd(16)}: ${microsPerOperation.toFixed(3).padStart(9)} µs/op ${String(operationsPerSecond).padStart(9)} ops/s${rate}${hits}`,
  )
}
