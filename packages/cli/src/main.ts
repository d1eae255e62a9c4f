#!/usr/bin/env node
import { Command } from 'commander'

import { addDbCommands } from './commands/db.ts'
import { addRunCommand } from './commands/run.ts'
import { addServerCommand } from './commands/server.ts'
import { addShellCommand } from './commands/shell.ts'
import { addTestCommand } from './commands/test.ts'
import { packageVersion } from './version.ts'

// A reader that has seen enough, such as `head`, ends the writer too.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const program = new Command('varve')
  .description('A streaming SQL database: server, shell, and tools for its files')
  .version(packageVersion)
  .showHelpAfterError()

addShellCommand(program)
addServerCommand(program)
addRunCommand(program)
addTestCommand(program)
addDbCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
