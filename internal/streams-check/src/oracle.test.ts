import { hasJava } from '@varve/internal-peers'
import { isPeerThere, sharedFixture } from '@varve/base/testing'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Case, CaseResult } from './case.ts'
import { Oracle } from './oracle.ts'
import { runCase, type RunOptions } from './run-case.ts'

/**
 * Cases of a seed that changes with the day, run by the real Kafka Streams and here. `VARVE_STREAMS_SEED` repeats a day,
 * `VARVE_STREAMS_CASES` asks for more cases.
 */
const seed = process.env['VARVE_STREAMS_SEED'] ?? new Date().toISOString().slice(0, 10)
const caseCount = Number(process.env['VARVE_STREAMS_CASES'] ?? 2_000)
/** Of those, so many more with Kafka Streams' stores in memory, and every so manieth again in an LSM database. */
const memoryShare = 10
const lsmShare = 10

const folder = sharedFixture('streams-oracle')
const java = isPeerThere('Java and Maven for Kafka Streams (scripts/ci-peers)', await hasJava())

describe.skipIf(folder === undefined || !java)(
  `${caseCount} cases of seed ${seed} on Kafka Streams and here`,
  { timeout: 3_600_000 },
  () => {
    let oracle: Oracle
    let cases: Case[]
    let expected: Map<string, CaseResult>

    beforeAll(async () => {
      console.log(`seed of the cases of streams-oracle: ${seed}`)
      oracle = await Oracle.open(folder!)
      const inMemory = await oracle.generate(
        `${seed}-memory`,
        Math.ceil(caseCount / memoryShare),
        'memory',
      )
      cases = [...(await oracle.generate(seed, caseCount)), ...inMemory]
      const half = Math.ceil(cases.length / 2)
      const halves = [cases.slice(0, half), cases.slice(half)]
      const results = await Promise.all(halves.map((part) => oracle.run(part)))
      expected = new Map(results.flat().map((result) => [result.id, result]))
    }, 3_600_000)

    const agrees = async (tests: readonly Case[], options: RunOptions): Promise<void> => {
      const different: string[] = []
      for (const test of tests) {
        const wanted = expected.get(test.id)!
        const got = await runCase(test, options)
        if (oracle.difference(wanted, got) === undefined) continue
        if (different.length === 0) console.log(await oracle.explain(test, wanted, got))
        different.push(test.id)
      }
      expect(different).toEqual([])
    }

    it('agrees', () => agrees(cases, {}))

    it('agrees when tasks are killed now and then', () => agrees(cases, { restarts: 'some' }))

    it.each(['state', 'changelog'] as const)(
      'agrees when tasks are killed after every input and start again from their %s',
      (restarts) => agrees(cases, { restarts }),
    )

    it('agrees in an LSM database, killed now and then', () =>
      agrees(
        cases.filter((_, index) => index % lsmShare === 0),
        { storage: 'lsm', restarts: 'some' },
      ))
  },
)
