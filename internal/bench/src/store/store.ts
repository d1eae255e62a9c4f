import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { BenchOptions } from '../options.ts'
import { median, rate, type Comparison } from '../measure.ts'
import { engineNamed, engineNames } from './engines.ts'
import { StoreRunner, type StoreSample } from './runner.ts'
import { nativeName, targets } from './targets.ts'
import { workloads, type Workload } from './workloads.ts'

/** Samples by `row/engine`, in the order they were taken. */
type State = Record<string, StoreSample[]>

/**
 * Every row of the store's table for us and the peers, round by round in turn, each run in a process of its own.
 *
 * What is measured is kept in `state.json` of the directory after each run, together with filled databases: called again with the
 * same directory the benchmark goes on where it was.
 */
export async function storeBenchmark(options: BenchOptions): Promise<Comparison[]> {
  const { rounds, progress } = options
  const base = options.entries ?? 1_000_000
  const directory = options.directory ?? join(tmpdir(), `varve-bench-store-${base}`)
  const rows = chosen(
    workloads.map(({ name }) => name),
    options.workloads,
  ).map((name) => workloads.find((workload) => workload.name === name)!)
  const runner = new StoreRunner(directory)
  const onlyTargets = options.peers?.[0] === 'targets'
  const peers = onlyTargets ? undefined : options.peers
  const engines = chosen([...engineNames, nativeName], peers, 'varve').filter((name) => {
    if (name !== nativeName || runner.hasNative) return true
    progress('no C++ compiler with librocksdb-dev: rows go without RocksDB itself')
    return false
  })
  const statePath = join(directory, 'state.json')
  const state: State = existsSync(statePath)
    ? (JSON.parse(readFileSync(statePath, 'utf8')) as State)
    : {}

  const comparisons: Comparison[] = []
  for (const [i, row] of rows.entries()) {
    const entries = row.entries(base)
    const having = await whoHas(row, engines)
    const takingPart = onlyTargets ? having.filter((name) => isInTargets(row, name)) : having
    for (let round = 0; round < rounds; round++) {
      for (const engine of takingPart) {
        const samples = (state[`${row.name}/${engine}`] ??= [])
        if (samples.length > round) continue
        let sample: StoreSample
        try {
          sample = await runner.sample(engine, row, entries)
        } catch (error) {
          // A peer that cannot do the row is left out of it; we cannot be.
          if (engine.startsWith('varve')) throw error
          progress(`  ${row.title}, ${engine} failed: ${String(error)}`)
          continue
        }
        samples.push(sample)
        writeFileSync(`${statePath}.new`, JSON.stringify(state))
        renameSync(`${statePath}.new`, statePath)
        progress(
          `  ${row.title}, round ${round + 1}/${rounds}, ${engine}: ${rate(sample.units / sample.seconds)}/s`,
        )
      }
    }
    // Filled databases go as soon as no row to come begins with them.
    const isNeeded = rows
      .slice(i + 1)
      .some((next) => next.valueBytes === row.valueBytes && next.entries(base) === entries)
    if (!isNeeded) for (const engine of takingPart) runner.forget(engine, row, entries)
    const done = takingPart.filter((name) => (state[`${row.name}/${name}`]?.length ?? 0) > 0)
    comparisons.push(comparisonOf(row, entries, done, state, rounds))
  }
  if (options.directory === undefined) rmSync(directory, { recursive: true, force: true })
  return comparisons
}

function chosen(
  all: readonly string[],
  wanted: readonly string[] | undefined,
  always?: string,
): string[] {
  if (wanted === undefined) return [...all]
  const unknown = wanted.filter((name) => !all.includes(name))
  if (unknown.length > 0)
    throw new Error(`not known: ${unknown.join(', ')}; known are ${all.join(', ')}`)
  return all.filter((name) => name === always || wanted.includes(name))
}

async function whoHas(row: Workload, engines: readonly string[]): Promise<string[]> {
  const takingPart: string[] = []
  for (const name of engines) {
    if (name !== nativeName) {
      const { skips, only } = await engineNamed(name)
      if (skips?.includes(row.name) === true || only?.includes(row.name) === false) continue
    } else if (row.name === 'fillrandom-256') {
      continue
    }
    takingPart.push(name)
  }
  return takingPart
}

/** Whether a row's targets speak of an engine; the first of ours is always there. */
function isInTargets(row: Workload, engine: string): boolean {
  const named = (targets[row.name] ?? []).flatMap(({ peer, by }) => [peer, by])
  return engine === 'varve' || named.includes(engine)
}

function comparisonOf(
  row: Workload,
  entries: number,
  engines: readonly string[],
  state: State,
  rounds: number,
): Comparison {
  const figures = engines.map((name) => {
    const samples = state[`${row.name}/${name}`]!.slice(0, rounds)
    const rates = samples.map(({ units, seconds }) => units / seconds)
    const of = (key: keyof StoreSample): number[] =>
      samples.map((sample) => sample[key]).filter((value) => value !== undefined)
    const cpu = of('cpuMicros')
    const mainCpu = of('threadCpuMicros')
    return {
      name,
      median: median(rates),
      min: Math.min(...rates),
      max: Math.max(...rates),
      rounds: rates.length,
      extra: {
        ...(cpu.length > 0 ? { 'CPU µs': median(cpu), 'of the caller': median(mainCpu) } : {}),
        'peak MiB': median(of('maxRssMiB')),
      },
    }
  })
  const medianOf = (name: string): number | undefined =>
    figures.find((figure) => figure.name === name)?.median
  const reached = (targets[row.name] ?? []).flatMap(({ peer, factor, by = 'varve' }) => {
    const theirs = medianOf(peer)
    const ours = medianOf(by)
    if (theirs === undefined || ours === undefined) return []
    return [
      `${by} is ${(ours / theirs).toFixed(2)} of the ${factor} × ${peer} aimed at${ours / theirs >= factor ? '' : ' (missed)'}`,
    ]
  })
  return {
    title: row.title,
    unit: 'ops',
    conditions: [`${entries} entries, values of ${row.valueBytes} bytes`, ...reached].join('; '),
    figures,
  }
}
