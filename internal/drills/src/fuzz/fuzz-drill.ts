import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { isVarveError } from '@varve/base'
import { createSeededRandom, type SeededRandom } from '@varve/base/testing'

import type { FuzzTarget, InputKind } from './fuzz-target.ts'
import { countAllocations } from './count-allocations.ts'
import { mutate } from './mutate.ts'
import { fuzzTargets } from './targets/index.ts'

/** What to try. */
export interface FuzzDrillOptions {
  /** Inputs for each decoder. */
  readonly inputs: number
  readonly seed: number
  /** Only this decoder. */
  readonly decoder?: string | undefined
  /** Decoders to choose from. Default: those of the store's files. */
  readonly targets?: readonly FuzzTarget[]
  readonly log: (line: string) => void
  /** Told of an input that came to an end that none before came to. */
  readonly onOutcome?: (decoder: string, outcome: string, input: Uint8Array) => void
}

/** How one decoder did. */
export interface FuzzReport {
  readonly decoder: string
  readonly inputs: number
  /** Inputs that were decoded; all others ended in a typed error. */
  readonly decoded: number
  readonly outcomes: number
  readonly slowestMs: number
  readonly inputsPerSecond: number
  /** Memory of the process at its highest, where it was looked at, bytes. */
  readonly residentBytesMax: number
  readonly failures: readonly string[]
}

/** Longer than any input takes on a busy machine; what takes longer is tried again before it counts. */
const slowMs = 250
const poolSize = 64
/** Allocations are counted for one input of so many: counting is slow. */
const countEvery = 32
const failuresMax = 5
/** Native decompressors of refused inputs wait for the garbage collector, which does not see how large they are. */
const collectEvery = 20_000
const residentEvery = 500
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  collect()
}

/** Gives every decoder so many inputs: valid ones, mutated ones with and without right checksums, and noise. */
export async function runFuzzDrill(options: FuzzDrillOptions): Promise<readonly FuzzReport[]> {
  const all = options.targets ?? fuzzTargets
  const targets = all.filter(
    ({ name }) => options.decoder === undefined || name === options.decoder,
  )
  if (targets.length === 0)
    throw new Error(
      `no decoder "${options.decoder}"; there are ${all.map(({ name }) => name).join(', ')}`,
    )
  const reports: FuzzReport[] = []
  for (const target of targets) {
    const report = await fuzz(target, options)
    reports.push(report)
    const { decoder, inputs, decoded, outcomes, slowestMs, inputsPerSecond, failures } = report
    const mib = (report.residentBytesMax / 2 ** 20).toFixed(0)
    options.log(
      `${decoder}: ${inputs} inputs, ${decoded} decoded, ${outcomes} ends, slowest ${slowestMs.toFixed(1)} ms, ` +
        `${inputsPerSecond.toFixed(0)}/s, ${mib} MiB of the process, ${failures.length} failures`,
    )
  }
  return reports
}

async function fuzz(target: FuzzTarget, options: FuzzDrillOptions): Promise<FuzzReport> {
  const random = createSeededRandom(options.seed)
  const pool: Uint8Array[] = []
  const seen = new Set<string>()
  const failures: string[] = []
  let decoded = 0
  let slowestMs = 0
  let residentBytesMax = 0
  let done = 0
  const start = performance.now()
  for (; done < options.inputs && failures.length < failuresMax; done++) {
    if (done % residentEvery === 0)
      residentBytesMax = Math.max(residentBytesMax, process.memoryUsage.rss())
    if (done % collectEvery === collectEvery - 1) await collectGarbage()
    const [input, kind] = nextInput(target, pool, random)
    const before = performance.now()
    let outcome: string
    try {
      outcome = await tryInput(target, input, kind, done % countEvery === 0)
    } catch (error) {
      outcome = 'failure'
      const what = kind.valid ? 'valid' : kind.repaired ? 'repaired' : 'mutated'
      const failure = [
        `${target.name} --seed ${options.seed}, input ${done} (${what}):`,
        error instanceof Error ? (error.stack ?? error.message) : String(error),
        base64Of(input),
      ].join(' ')
      failures.push(failure)
      options.log(failure)
    }
    let tookMs = performance.now() - before
    if (tookMs > slowMs) {
      tookMs = await timeAgain(target, input, kind)
      if (tookMs > slowMs)
        failures.push(
          `${target.name}: ${tookMs.toFixed(0)} ms for ${input.length} bytes ${base64Of(input)}`,
        )
    }
    slowestMs = Math.max(slowestMs, tookMs)
    if (outcome === 'decoded') decoded++
    if (!seen.has(outcome)) {
      seen.add(outcome)
      options.onOutcome?.(target.name, outcome, input)
    }
  }
  return {
    decoder: target.name,
    inputs: done,
    decoded,
    outcomes: seen.size,
    slowestMs,
    residentBytesMax,
    inputsPerSecond: (done / (performance.now() - start)) * 1000,
    failures,
  }
}

function base64Of(input: Uint8Array): string {
  return Buffer.from(input).toString('base64').slice(0, 4000)
}

function nextInput(
  target: FuzzTarget,
  pool: Uint8Array[],
  random: SeededRandom,
): readonly [Uint8Array, InputKind] {
  // New valid inputs now and then: making them costs more than trying them.
  if (pool.length < poolSize || random.below(100) === 0) {
    const made = target.make(random)
    if (pool.length < poolSize) pool.push(made)
    else pool[random.below(poolSize)] = made
    return [made, { valid: true, repaired: true }]
  }
  if (random.below(50) === 0)
    return [random.bytes(random.below(200)), { valid: false, repaired: false }]
  const input = mutate(random.pick(pool), random.pick(pool), random)
  const repaired = target.repair !== undefined && random.below(2) === 0
  if (repaired) target.repair?.(input)
  return [input, { valid: false, repaired }]
}

/** Runs the decoder; returns in a word how it ended. @throws Error when it ended in a way it must not */
export async function tryInput(
  target: FuzzTarget,
  input: Uint8Array,
  kind: InputKind,
  counted: boolean,
): Promise<string> {
  const untouched = new Uint8Array(input)
  let outcome = 'decoded'
  try {
    if (counted) {
      const running: Promise<void>[] = []
      const bytes = countAllocations(() => {
        running.push(Promise.resolve(target.run(input, kind)))
      })
      const max = target.allocationMax?.(input.length) ?? 65_536 + input.length * 64
      await Promise.all(running)
      if (bytes > max)
        throw new Error(`took ${bytes} bytes for an input of ${input.length}, ${max} allowed`)
    } else {
      await target.run(input, kind)
    }
  } catch (error) {
    if (!isVarveError(error) || error.code === 'VARVE_ASSERTION') throw error
    if (kind.valid) throw new Error('a valid input is refused', { cause: error })
    outcome = `${error.code} ${error.message.replaceAll(/\d+|"[^"]*"/g, '#').slice(0, 80)}`
  }
  if (Buffer.compare(untouched, input) !== 0) throw new Error('the input was changed')
  return outcome
}

async function timeAgain(target: FuzzTarget, input: Uint8Array, kind: InputKind): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let n = 0; n < 3; n++) {
    const before = performance.now()
    await tryInput(target, input, kind, false).catch(() => undefined)
    best = Math.min(best, performance.now() - before)
  }
  return best
}
