import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { formatGoldenFile, parseGoldenFile, type GoldenCase } from './golden-file.ts'

/** Computes the output of one case. A fresh runner is made for each file, so cases of a file may share state in order. */
export type GoldenRunner = (goldenCase: GoldenCase) => string | Promise<string>

/**
 * Declares one test per case of every golden file (`*.txt`) in a directory.
 *
 * With `REWRITE=1` in the environment the files are rewritten with what the runner gave; the diff is the review.
 */
export function describeGolden(directory: string, createRunner: () => GoldenRunner): void {
  for (const name of readdirSync(directory).sort()) {
    if (!name.endsWith('.txt')) continue
    const path = join(directory, name)
    const text = readFileSync(path, 'utf8')
    const cases = parseGoldenFile(text, path)
    describe(basename(name), () => {
      const runner = createRunner()
      const outputs = cases.map((c) => c.expected)
      for (const [index, goldenCase] of cases.entries()) {
        test(`line ${goldenCase.line}: ${goldenCase.directiveLine}`, async () => {
          const actual = (await runner(goldenCase)).replace(/\n+$/, '')
          if (process.env['REWRITE'] === '1') outputs[index] = actual
          else expect(actual).toBe(goldenCase.expected)
        })
      }
      afterAll(() => {
        if (process.env['REWRITE'] === '1') writeFileSync(path, formatGoldenFile(cases, outputs))
      })
    })
  }
}
