import { fileURLToPath } from 'node:url'

import { describeGolden, type GoldenCase } from '@varve/internal-golden'
import { formatSqlType, type Columns, type Row } from '@varve/serde'
import { describe, expect } from 'vitest'

import { explain, format, parse, SqlError, type Command } from '../src/index.ts'
import { Sandbox } from './sandbox.ts'
import { withoutSpans } from './without-spans.ts'

describe('golden files', () => {
  describeGolden(fileURLToPath(new URL('../testdata', import.meta.url)), () => {
    const sandbox = new Sandbox()
    return (golden) => runCase(golden, sandbox)
  })
})

function runCase(golden: GoldenCase, sandbox: Sandbox): string {
  switch (golden.directive) {
    case 'run':
      expectRoundTrip(golden.input)
      return sandbox.run(golden.input).map(describeCommand).join('\n')
    case 'plan':
      // What it would make is left out of the catalog: the next case may use its name.
      expectRoundTrip(golden.input)
      return sandbox.plan(golden.input).map(describeCommand).join('\n')
    case 'error':
      try {
        sandbox.run(golden.input)
        return 'no error'
      } catch (error) {
        if (error instanceof SqlError) return error.render()
        return `${(error as Error).name}: ${(error as Error).message}`
      }
    case 'format':
      return parse(golden.input)
        .map(({ statement }) => format(statement))
        .join('\n')
    case 'set': {
      const [property, value] = golden.input.split('=')
      sandbox.properties = { ...sandbox.properties, [property!]: value! }
      return ''
    }
    default:
      throw new Error(`unknown directive "${golden.directive}"`)
  }
}

/** Every statement of the files reads the same from its canonical text. */
function expectRoundTrip(script: string): void {
  for (const { statement } of parse(script)) {
    const [again, ...more] = parse(format(statement))
    expect(more).toEqual([])
    expect(withoutSpans(again?.statement)).toEqual(withoutSpans(statement))
  }
}

function describeCommand(command: Command): string {
  switch (command.kind) {
    case 'createSource':
    case 'createAsSelect': {
      const { source } = command
      const head = `${source.kind} ${source.name}: ${columns(source.keyColumns, ' KEY')}${columns(source.valueColumns, '')}| ${source.topic} ${JSON.stringify(source.keyFormat)} ${JSON.stringify(source.valueFormat)}`
      if (command.query === undefined) return head
      // Plans live in the command topic: what is explained is what JSON gives back.
      return `${head}\n${explain(JSON.parse(JSON.stringify(command.query)) as typeof command.query)}`
    }
    case 'insertInto':
      return `INSERT INTO ${command.target}\n${explain(command.query)}`
    case 'insertValues':
      return `${command.target.name} ${valuesText(command.key)} ${valuesText(command.value)} ${command.rowtime ?? ''}`.trimEnd()
    case 'pushQuery':
    case 'pullQuery':
      return explain(JSON.parse(JSON.stringify(command.plan)) as typeof command.plan)
  }
}

function valuesText(row: Row | null): string {
  return JSON.stringify(row, (_name, value: unknown) =>
    typeof value === 'bigint'
      ? `${value}n`
      : value instanceof Map
        ? Object.fromEntries(value as Map<string, unknown>)
        : value,
  )
}

function columns(list: Columns, suffix: string): string {
  return list.map((c) => `\`${c.name}\` ${formatSqlType(c.type)}${suffix} `).join('')
}
