import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, it } from 'vitest'

import { VarveLevel, type DatabaseOptions } from '@varve/level'

import { runTapeTest, type TapeBody } from './tape-harness.ts'

interface SuiteOptions {
  test(name: string, ...rest: [TapeBody] | [object, TapeBody]): void
  factory(options?: DatabaseOptions<string, string>): VarveLevel
}

const suite = createRequire(import.meta.url)('abstract-level/test') as (
  options: SuiteOptions,
) => void

describe('the test suite of abstract-level', () => {
  const root = mkdtempSync(join(tmpdir(), 'varve-level-'))
  afterAll(() => {
    rmSync(root, { recursive: true, force: true })
  })
  let databases = 0

  suite({
    test: (name, ...rest) => {
      const body = rest.at(-1) as TapeBody
      it(name, () => runTapeTest(body))
    },
    factory: (options) => new VarveLevel(join(root, String(databases++)), options),
  })
})
