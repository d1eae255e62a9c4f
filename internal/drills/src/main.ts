/** `npm run drill -- NAME [--cycles N] [--seed S]`: kills a process again and again; ends with `N passed, N failed`. */
import { parseArgs } from 'node:util'

import type { DrillOptions, DrillResult } from './options.ts'
import { runEngineDrill } from './engine/engine-drill.ts'
import { runWriterDrill } from './writer/writer-drill.ts'

const drills: Readonly<
  Record<
    string,
    { readonly run: (o: DrillOptions) => Promise<DrillResult>; readonly cycles: number }
  >
> = {
  writer: { run: runWriterDrill, cycles: 200 },
  engine: { run: runEngineDrill, cycles: 50 },
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cycles: { type: 'string' }, seed: { type: 'string' } },
})
const drill = drills[positionals[0] ?? '']
if (drill === undefined) {
  console.error(
    `usage: npm run drill -- NAME [--cycles N] [--seed S]\nNAME: ${Object.keys(drills).join(', ')}`,
  )
  process.exit(2)
}
const seed = Number(values.seed ?? Date.now() % 1_000_000)
console.log(`${positionals[0]} drill, seed ${seed}`)
const { passed, failed } = await drill.run({
  cycles: Number(values.cycles ?? drill.cycles),
  seed,
  log: (line) => console.log(line),
})
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
