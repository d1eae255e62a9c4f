import { TopologyTestDriver } from '@varve/streams'

import type { Case, CaseResult, Json, JsonObject, ResultRow } from './case.ts'
import { shownKey, type CaseKey } from './serdes.ts'
import { TopologyReader } from './topology-reader.ts'

type Output = CaseResult['outputs'][number]

/** Runs one case to its end, or to its error. */
export function runCase(test: Case): CaseResult {
  const outputs: Output[] = []
  let input = -1
  try {
    const read = new TopologyReader(test.config?.store === 'memory').read(test.topology.nodes)
    const cacheBytesMax = test.config?.cacheBytes ?? 0
    using driver = new TopologyTestDriver(read.topology, {
      cacheBytesMax,
      emitIntervalMs: test.config?.emitIntervalMs ?? 0,
    })
    const collect = (): void => {
      for (const record of driver.readOutput()) {
        const { key, window } = parse(record.key) as unknown as ResultRow
        outputs.push({
          input,
          topic: record.topic,
          key,
          ...(window === undefined ? {} : { window }),
          value: parse(record.value),
          timestamp: record.timestamp,
        })
      }
    }
    for (const step of test.inputs) {
      input++
      if (step.advanceWallClockMs !== undefined)
        driver.advanceWallClockTime(step.advanceWallClockMs)
      else if (step.commit === true) driver.commit()
      else {
        driver.pipeInput(step.topic!, {
          key: step.key === null || step.key === undefined ? null : Buffer.from(step.key),
          value:
            step.value === null || step.value === undefined
              ? null
              : Buffer.from(JSON.stringify(step.value)),
          timestamp: step.timestamp!,
        })
      }
      collect()
    }
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
    return {
      id: test.id,
      outputs,
      stores,
      closing: read.closingTopics,
      lateDropped: driver.drops.get('late') ?? 0,
    }
  } catch (error) {
    return {
      id: test.id,
      outputs,
      stores: {},
      closing: [],
      lateDropped: 0,
      error: error instanceof Error ? error.message : String(error),
      errorInput: input,
    }
  }
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
