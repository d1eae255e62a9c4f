/** `npm run drill -- NAME [options]`: hard treatment of the product, from a seed; ends with `N passed, N failed`. */
import { parseArgs } from 'node:util'

import type { DrillResult } from './options.ts'
import { runCrashDrill } from './crash/crash-drill.ts'
import { runEngineDrill } from './engine/engine-drill.ts'
import { runQueriesDrill } from './queries/queries-drill.ts'
import { runWriterDrill } from './writer/writer-drill.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    cycles: { type: 'string' },
    points: { type: 'string' },
    history: { type: 'string' },
    point: { type: 'string' },
  },
})

function number(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

const seed = number(values.seed) ?? Date.now() % 1_000_000
const log = (line: string): void => console.log(line)
const common = { seed, log }

const drills: Readonly<Record<string, () => Promise<DrillResult>>> = {
  // Kills a process again and again.
  writer: () => runWriterDrill({ ...common, cycles: number(values.cycles) ?? 200 }),
  engine: () => runEngineDrill({ ...common, cycles: number(values.cycles) ?? 50 }),
  queries: () => runQueriesDrill({ ...common, cycles: number(values.cycles) ?? 20 }),
  // Crashes a database at every change of its disk; --history and --point try a failure again.
  crash: async () => {
    const { points, secondPoints, histories, failures } = await runCrashDrill({
      ...common,
      points: number(values.points) ?? 10_000,
      history: number(values.history),
      point: number(values.point),
    })
    log(`${points} crashes of ${histories} histories, ${secondPoints} of which crashed once more`)
    return { passed: points - failures.length, failed: failures.length }
  },
}

const run = drills[positionals[0] ?? '']
if (run === undefined) {
  console.error(
    [
      'usage: npm run drill -- NAME [--seed S] [options]',
      '  writer, engine, queries [--cycles N]',
      '  crash [--points N] [--history H [--point P]]',
    ].join('\n'),
  )
  process.exit(2)
}
log(`${positionals[0]} drill, seed ${seed}`)
const { passed, failed } = await run()
log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
