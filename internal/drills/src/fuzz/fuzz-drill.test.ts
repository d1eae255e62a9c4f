import { describe, expect, it } from 'vitest'

import { readCorpus } from './corpus.ts'
import { runFuzzDrill, tryInput } from './fuzz-drill.ts'
import { fuzzTargets } from './targets/index.ts'

// The full size is `npm run drill -- fuzz --inputs 1000000`.
const inputs = Number(process.env['VARVE_FUZZ_INPUTS'] ?? 10_000)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

describe('decoders of the files of the store', () => {
  for (const target of fuzzTargets) {
    it(`${target.name} ends in a typed error or the right answer, in bounded time and memory (seed ${seed})`, async () => {
      const [report] = await runFuzzDrill({
        inputs,
        seed,
        decoder: target.name,
        log: () => undefined,
      })
      expect(report!.failures).toEqual([])
    }, 600_000)

    it(`${target.name} takes every input of its corpus`, async () => {
      const corpus = readCorpus(target.name)
      expect(corpus.length).toBeGreaterThan(0)
      for (const input of corpus)
        await tryInput(target, input, { valid: false, repaired: true }, true)
    })
  }
})
