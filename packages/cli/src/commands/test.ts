import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'

import { runSqlTests, type SqlTestOutcome } from '@varve/runtime/testing'
import type { Command } from 'commander'

import { formatTable } from '../render/table.ts'

interface TestOptions {
  readonly filter?: string
}

/** `varve test FILE…`: runs SQL tests under virtual time, without a server. */
export function addTestCommand(program: Command): void {
  program
    .command('test <files...>')
    .description('run SQL test files: statements, INSERT VALUES, ASSERT; no server needed')
    .option('--filter <text>', 'run only tests whose name holds this')
    .addHelpText(
      'after',
      `
Directives, comments in the files:
  --@test: NAME               a test begins
  --@expected.error: NAME     it must end in this error
  --@expected.message: PART   whose message holds this
  --@time: T                  moves the wall clock, ISO 8601 or milliseconds
  --@no.more.output: NAME     every record of a stream or table was asserted`,
    )
    .action(async (files: readonly string[], { filter }: TestOptions) => {
      let passed = 0
      let failed = 0
      for (const file of files) {
        const text = await readFile(file, 'utf8')
        const options = filter === undefined ? {} : { filter }
        for (const outcome of await runSqlTests(text, basename(file), options)) {
          process.stdout.write(report(file, outcome))
          if (outcome.failure === undefined) passed++
          else failed++
        }
      }
      process.stdout.write(`${passed} passed, ${failed} failed\n`)
      if (failed > 0) process.exitCode = 1
      if (passed + failed === 0) throw new Error('no test was found')
    })
}

function report(file: string, { name, line, failure }: SqlTestOutcome): string {
  if (failure === undefined) return `ok    ${file}:${line} ${name}\n`
  const lines = [`FAIL  ${file}:${failure.line ?? line} ${name}`, ...indented(failure.message)]
  if (failure.columns !== undefined) {
    const rows = [
      ['expected', ...(failure.expected ?? [])],
      ['actual', ...(failure.actual ?? ['(nothing)'])],
    ]
    lines.push(...indented(formatTable(['', ...failure.columns], rows)))
  }
  for (const note of failure.notes) lines.push(`      passed over: ${note}`)
  return `${lines.join('\n')}\n`
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `      ${line}`)
}
