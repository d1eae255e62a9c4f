import { isDeepStrictEqual } from 'node:util'

import { messageOf } from '@varve/base'
import { lsmStateStorage, TopologyTestDriver } from '@varve/streams'
import { MemoryFileSystem } from '@varve/vfs'

import type { Case, CaseResult, Json, JsonObject, ResultRow } from './case.ts'
import { wantsRestart, type Restarts } from './restarts.ts'
import { shownKey, type CaseKey } from './serdes.ts'
import { TopologyReader, type ReadTopology } from './topology-reader.ts'

type Output = CaseResult['outputs'][number]

/** How a case is run; nothing of it may change what comes out. */
export interface RunOptions {
  /** Where stores are. Default `memory`. */
  readonly storage?: 'memory' | 'lsm'
  /** When tasks are killed and started again. Default `none`. */
  readonly restarts?: Restarts
}

/** Runs one case to its end, or to its error. */
export async function runCase(test: Case, options: RunOptions = {}): Promise<CaseResult> {
  const outputs: Output[] = []
  const run = new CaseRun(test, outputs)
  try {
    return await run.toEnd(options)
  } catch (error) {
    return {
      id: test.id,
      outputs,
      stores: {},
      closing: [],
      lateDropped: 0,
      error: messageOf(error),
      errorInput: run.input,
    }
  }
}

class CaseRun {
  input = -1
  readonly #test: Case
  readonly #outputs: Output[]
  /** Those of the outputs that a restart takes back and brings again. */
  #uncommitted: Output[] = []

  constructor(test: Case, outputs: Output[]) {
    this.#test = test
    this.#outputs = outputs
  }

  async toEnd({ storage = 'memory', restarts = 'none' }: RunOptions): Promise<CaseResult> {
    const { config, topology, inputs, id } = this.#test
    const read = new TopologyReader(config?.store === 'memory').read(topology.nodes)
    const settings = {
      cacheBytesMax: config?.cacheBytes ?? 0,
      emitIntervalMs: config?.emitIntervalMs ?? 0,
    }
    const driver =
      storage === 'memory'
        ? new TopologyTestDriver(read.topology, settings)
        : await TopologyTestDriver.open(read.topology, {
            ...settings,
            storage: lsmStateStorage({ directory: '/state', fileSystem: new MemoryFileSystem() }),
          })
    try {
      for (const step of inputs) {
        this.input++
        this.#take(driver, step)
        const from = wantsRestart(restarts, id, this.input)
        if (from === undefined) continue
        await driver.restart(from)
        this.#compareAgain(driver)
      }
      return {
        id,
        outputs: this.#outputs,
        stores: dump(driver, read),
        closing: read.closingTopics,
        lateDropped: driver.drops.get('late') ?? 0,
      }
    } finally {
      if (storage === 'memory') driver.close()
      else await driver.closeStorage()
    }
  }

  #take(driver: TopologyTestDriver, step: Case['inputs'][number]): void {
    if (step.advanceWallClockMs !== undefined) {
      driver.advanceWallClockTime(step.advanceWallClockMs)
      return
    }
    if (step.commit === true) {
      driver.commit()
      this.#uncommitted = []
    } else {
      driver.pipeInput(step.topic!, {
        key: step.key === null || step.key === undefined ? null : Buffer.from(step.key),
        value:
          step.value === null || step.value === undefined
            ? null
            : Buffer.from(JSON.stringify(step.value)),
        timestamp: step.timestamp!,
      })
    }
    const { uncommittedOutputs } = driver
    const written = this.#read(driver)
    this.#outputs.push(...written)
    this.#uncommitted.push(...written.slice(written.length - uncommittedOutputs))
  }

  #read(driver: TopologyTestDriver): Output[] {
    return driver.readOutput().map((record) => {
      const { key, window } = parse(record.key) as unknown as ResultRow
      return {
        input: this.input,
        topic: record.topic,
        key,
        ...(window === undefined ? {} : { window }),
        value: parse(record.value),
        timestamp: record.timestamp,
      }
    })
  }

  /** What was taken back by a restart must have come again. */
  #compareAgain(driver: TopologyTestDriver): void {
    const shown = (outputs: readonly Output[]): unknown =>
      outputs.map((output) => ({ ...output, input: 0 }))
    const again = this.#read(driver)
    if (isDeepStrictEqual(shown(again), shown(this.#uncommitted))) return
    throw new Error(
      `after a restart ${JSON.stringify(shown(again))} came instead of ${JSON.stringify(shown(this.#uncommitted))}`,
    )
  }
}

function dump(driver: TopologyTestDriver, read: ReadTopology): Record<string, ResultRow[]> {
  const stores: Record<string, ResultRow[]> = {}
  for (const [name, kind] of read.stores) {
    const rows: ResultRow[] =
      kind === 'key-value'
        ? Array.from(driver.store<CaseKey, JsonObject>(name).all(), (row) => ({
            ...shownKey(row.key),
            value: row.value,
            timestamp: row.timestamp,
          }))
        : Array.from(driver.windowStore<string, JsonObject>(name).all(), (row) => ({
            ...shownKey(row.key),
            value: row.value,
            ...(kind === 'session' ? {} : { timestamp: row.timestamp }),
          }))
    stores[name] = rows.sort(byKeyAndWindow)
  }
  return stores
}

function parse(bytes: Uint8Array | null): Json {
  return bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString()) as Json)
}

function byKeyAndWindow(a: ResultRow, b: ResultRow): number {
  const left = a.key ?? ''
  const right = b.key ?? ''
  if (left !== right) return left < right ? -1 : 1
  return (
    (a.window?.start ?? 0) - (b.window?.start ?? 0) || (a.window?.end ?? 0) - (b.window?.end ?? 0)
  )
}
