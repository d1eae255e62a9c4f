import { readFile } from 'node:fs/promises'

import { parse, scanScript } from '@varve/sql'
import type { Command } from 'commander'

import { ShellSession } from '../shell/session.ts'

interface RunOptions {
  readonly server: string
  readonly dryRun?: boolean
  readonly wait?: boolean
  readonly define: readonly string[]
}

/** `varve run FILE`: deploys the statements of a file to a server. */
export function addRunCommand(program: Command): void {
  program
    .command('run <file>')
    .description('deploy the statements of a file to a server')
    .option('--dry-run', 'parse the file and say what would run, without a server')
    .action(async (file: string, _options: RunOptions, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>()
      const text = await readFile(file, 'utf8')
      const statements = scanScript(text).statements.map((statement) => statement.text)
      if (options.dryRun === true) {
        parse(text)
        for (const [i, statement] of statements.entries()) {
          process.stdout.write(`${i + 1}/${statements.length} ${summary(statement)}\n`)
        }
        return
      }
      const session = new ShellSession({
        serverUrl: options.server,
        output: {
          write: (line) => void process.stdout.write(line),
          terminalWidth: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
        },
      })
      for (const [i, statement] of statements.entries()) {
        process.stdout.write(`${i + 1}/${statements.length} ${summary(statement)}\n`)
        await session.runStatement(statement)
      }
    })
}

function summary(statement: string): string {
  const line = statement
    .replace(/--[^\n]*\n/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > 90 ? `${line.slice(0, 87)}...` : line
}
