import type { Command } from 'commander'

import { addCheckCommand } from './db/check.ts'
import { addCompactCommand } from './db/compact.ts'
import { addDumpCommands } from './db/dump.ts'
import { addReadCommands } from './db/read.ts'
import { addStatsCommand } from './db/stats.ts'

/** `varve db …`: tools for any directory in RocksDB's formats. Only `put`, `delete` and `compact` change something. */
export function addDbCommands(program: Command): void {
  const db = program.command('db').description("tools for databases and files in RocksDB's formats")
  addReadCommands(db)
  addStatsCommand(db)
  addCheckCommand(db)
  addCompactCommand(db)
  addDumpCommands(db)
}
