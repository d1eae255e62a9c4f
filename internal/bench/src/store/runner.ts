import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { Workload } from './workloads.ts'
import { nativeName } from './targets.ts'

const run = promisify(execFile)
const sampleTimeoutMs = 15 * 60_000

/** Figures of one run of one row. */
export interface StoreSample {
  readonly units: number
  readonly seconds: number
  /** CPU of the process and of its main thread per unit, microseconds; the C++ program gives none. */
  readonly cpuMicros?: number
  readonly threadCpuMicros?: number
  readonly maxRssMiB: number
}

/** Runs rows, each in a process of its own; keeps filled directories for the rows that begin with one. */
export class StoreRunner {
  readonly #directory: string
  readonly #nativeProgram: string | undefined

  /** `directory` takes all databases. */
  constructor(directory: string) {
    this.#directory = directory
    mkdirSync(directory, { recursive: true })
    this.#nativeProgram = compileNative(directory)
  }

  /** Whether there is a C++ program to run: a compiler and RocksDB's headers were found. */
  get hasNative(): boolean {
    return this.#nativeProgram !== undefined
  }

  async sample(engine: string, workload: Workload, entries: number): Promise<StoreSample> {
    const work = join(this.#directory, 'work')
    rmSync(work, { recursive: true, force: true })
    let target = work
    if (workload.start === 'filled') {
      const filled = await this.#filled(engine, workload, entries)
      if (workload.readsOnly) target = filled
      else cpSync(filled, work, { recursive: true })
    }
    try {
      const line = await this.#run(engine, [workload.name, target, String(entries)])
      return JSON.parse(line) as StoreSample
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }

  /** Removes what later rows do not begin with. */
  forget(engine: string, workload: Workload, entries: number): void {
    rmSync(this.#pathOf(engine, workload, entries), { recursive: true, force: true })
  }

  #pathOf(engine: string, workload: Workload, entries: number): string {
    // The same files serve with and without a row cache.
    const files = engine.replace('varve-rows', 'varve').replaceAll(/[^a-z0-9-]/gi, '_')
    return join(this.#directory, `${files}-${workload.valueBytes}-${entries}`)
  }

  async #filled(engine: string, workload: Workload, entries: number): Promise<string> {
    const path = this.#pathOf(engine, workload, entries)
    if (existsSync(path)) return path
    const unfinished = `${path}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    await this.#run(engine, [workload.name, unfinished, String(entries), 'fill'])
    cpSync(unfinished, path, { recursive: true })
    rmSync(unfinished, { recursive: true, force: true })
    return path
  }

  async #run(engine: string, args: readonly string[]): Promise<string> {
    const options = { timeout: sampleTimeoutMs, maxBuffer: 1 << 20 }
    const { stdout } =
      engine === nativeName
        ? await run(this.#nativeProgram!, [...args], options)
        : await run(
            process.execPath,
            [
              ...(isBuilt() ? [] : ['--conditions=@varve/source']),
              join(import.meta.dirname, 'run-one.ts'),
              engine,
              ...args,
            ],
            options,
          )
    return stdout.trim().split('\n').at(-1)!
  }
}

/** Whether built code is there: stripping types of sources in every thread is CPU that users do not spend. */
export function isBuilt(): boolean {
  return existsSync(join(import.meta.dirname, '../../../../packages/lsm-core/dist/index.js'))
}

/** Compiles the C++ program unless it is there and newer than its source; undefined without compiler or library. */
function compileNative(directory: string): string | undefined {
  const source = join(import.meta.dirname, '../../native/store-bench.cc')
  const program = join(directory, 'store-bench')
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program
  try {
    execFileSync('g++', ['-O2', '-std=c++17', '-o', program, source, '-lrocksdb', '-lpthread'], {
      stdio: 'pipe',
      timeout: 5 * 60_000,
    })
    return program
  } catch {
    return undefined
  }
}
