import { fileURLToPath } from 'node:url'

import { describeGolden, type GoldenCase } from '@varve/internal-golden'
import { formatSqlType, type Columns } from '@varve/serde'
import { describe } from 'vitest'

import { explain, format, parse, SqlError, type Command } from '../src/index.ts'
import { Sandbox } from './sandbox.ts'

describe('golden files', () => {
  describeGolden(fileURLToPath(new URL('../testdata', import.meta.url)), () => {
    const sandbox = new Sandbox()
    return (golden) => runCase(golden, sandbox)
  })
})

function runCase(golden: GoldenCase, sandbox: Sandbox): string {
  switch (golden.directive) {
    case 'run':
      return sandbox.run(golden.input).map(describeCommand).join('\n')
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
      return `${command.target.name} ${JSON.stringify(command.key)} ${JSON.stringify(command.value)} ${command.rowtime ?? ''}`.trimEnd()
    case 'pushQuery':
    case 'pullQuery':
      return explain(JSON.parse(JSON.stringify(command.plan)) as typeof command.plan)
  }
}

function columns(list: Columns, suffix: string): string {
  return list.map((c) => `\`${c.name}\` ${formatSqlType(c.type)}${suffix} `).join('')
}
