/** `npm run drill -- NAME [options]`: hard treatment of the product, from a seed; ends with `N passed, N failed`. */
import { parseArgs } from 'node:util'

import type { DrillResult } from './options.ts'
import { runCrashDrill } from './crash/crash-drill.ts'
import { runTwoPhaseDrill } from './crash/two-phase-drill.ts'
import { runDamageDrill } from './damage/damage-drill.ts'
import { CallSites } from './fault/call-sites.ts'
import { runFaultDrill } from './fault/fault-drill.ts'
import { tellSites } from './fault/tell-sites.ts'
import { CorpusWriter } from './fuzz/corpus.ts'
import { runFuzzSqlDrill } from './fuzz-sql/fuzz-sql-drill.ts'
import { runFuzzDrill } from './fuzz/fuzz-drill.ts'
import { runJudgesDrill } from './judges/judges-drill.ts'
import { runModelDrill } from './model/model-drill.ts'
import { callPanel } from './judges/panel.ts'
import { runEngineDrill } from './engine/engine-drill.ts'
import { runQueriesDrill } from './queries/queries-drill.ts'
import { runWriterDrill } from './writer/writer-drill.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    cycles: { type: 'string' },
    points: { type: 'string' },
    histories: { type: 'string' },
    faults: { type: 'string' },
    call: { type: 'string' },
    fault: { type: 'string' },
    sites: { type: 'boolean' },
    'per-site': { type: 'string' },
    inputs: { type: 'string' },
    decoder: { type: 'string' },
    'save-corpus': { type: 'boolean' },
    databases: { type: 'string' },
    only: { type: 'string' },
    damages: { type: 'string' },
    database: { type: 'string' },
    damage: { type: 'string' },
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
    const { points, secondPoints, refused, histories, failures } = await runCrashDrill({
      ...common,
      points: number(values.points) ?? 10_000,
      history: number(values.history),
      point: number(values.point),
    })
    log(`${points} crashes of ${histories} histories, ${secondPoints} of which crashed once more`)
    log(`${refused} disks refused because of a MANIFEST whose sectors were written out of order`)
    return { passed: points - failures.length, failed: failures.length }
  },
  // The same with transactions that are prepared.
  'two-phase': async () => {
    const { points, histories, failures } = await runTwoPhaseDrill({
      ...common,
      points: number(values.points) ?? 5000,
    })
    log(`${points} crashes of ${histories} histories`)
    return { passed: points - failures.length, failed: failures.length }
  },
  // Fails every call to the file system, in every way it can fail; --sites asks that every call site of the engine is among them.
  fault: async () => {
    const sites = values.sites === true ? new CallSites() : undefined
    const { runs, surfaced, callSites, failures } = await runFaultDrill({
      ...common,
      histories: number(values.histories) ?? 5,
      faultsMax: number(values.faults),
      perSite: number(values['per-site']),
      history: number(values.history),
      call: number(values.call),
      fault: values.fault,
      sites,
    })
    const missed = sites === undefined ? 0 : tellSites(sites.compare(), log)
    const calls = [...callSites].map(([operation, count]) => `${count} ${operation}`).join(', ')
    log(`${runs} faults, ${surfaced} of which came to the surface; calls: ${calls}`)
    return { passed: runs - failures.length, failed: failures.length + missed }
  },
  // Gives the parser damaged statements, and the decoders of formats damaged records.
  'fuzz-sql': async () => {
    const reports = await runFuzzSqlDrill({
      ...common,
      inputs: number(values.inputs) ?? 200_000,
      decoder: values.decoder,
    })
    const failed = reports.reduce((sum, report) => sum + report.failures.length, 0)
    return { passed: reports.reduce((sum, report) => sum + report.inputs, 0) - failed, failed }
  },
  // Compares databases under random options with a map.
  model: async () => {
    const { histories, failures } = await runModelDrill({
      ...common,
      histories: number(values.histories) ?? 1000,
      only: number(values.only),
    })
    return { passed: histories - failures.length, failed: failures.length }
  },
  // Damages files of databases.
  damage: async () => {
    const { damages, byFile, silentPlaces, failures } = await runDamageDrill({
      ...common,
      damages: number(values.damages) ?? 20_000,
      database: number(values.database),
      damage: number(values.damage),
    })
    for (const [kind, { found, foundByCheck, harmless, shortened }] of byFile)
      log(
        `${kind}: ${found} found, ${foundByCheck} found by verifyChecksum, ${harmless} harmless, ${shortened} cut where a log may end`,
      )
    for (const kind of ['table', 'log', 'MANIFEST'])
      log(`harmless in ${kind}: ${(silentPlaces.get(kind) ?? []).slice(0, 8).join('; ')}`)
    return { passed: damages - failures.length, failed: failures.length }
  },
  // Gives decoders damaged input.
  fuzz: async () => {
    const corpus = values['save-corpus'] === true ? new CorpusWriter() : undefined
    const reports = await runFuzzDrill({
      ...common,
      inputs: number(values.inputs) ?? 1_000_000,
      decoder: values.decoder,
      onOutcome: (decoder, outcome, input) => corpus?.add(decoder, outcome, input),
    })
    corpus?.save()
    const failed = reports.reduce((sum, { failures }) => sum + failures.length, 0)
    return { passed: reports.reduce((sum, { inputs }) => sum + inputs, 0) - failed, failed }
  },
  // Has RocksDB judge databases of random histories.
  judges: async () => {
    const { judged, failures } = await runJudgesDrill({
      ...common,
      databases: number(values.databases) ?? 100,
      only: number(values.only),
      panel: await callPanel(),
    })
    return { passed: judged - failures.length, failed: failures.length }
  },
}

const run = drills[positionals[0] ?? '']
if (run === undefined) {
  console.error(
    [
      'usage: npm run drill -- NAME [--seed S] [options]',
      '  writer, engine, queries [--cycles N]',
      '  crash [--points N] [--history H [--point P]]',
      '  two-phase [--points N]',
      '  fault [--histories N] [--faults N] [--sites [--per-site N]] [--history H [--call C [--fault F]]]',
      '  model [--histories N] [--only H]',
      '  damage [--damages N] [--database D [--damage N]]',
      '  fuzz [--inputs N] [--decoder D] [--save-corpus]',
      '  fuzz-sql [--inputs N] [--decoder NAME]',
      '  judges [--databases N] [--only D]',
    ].join('\n'),
  )
  process.exit(2)
}
log(`${positionals[0]} drill, seed ${seed}`)
const { passed, failed } = await run()
log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
