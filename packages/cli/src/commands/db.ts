import type { Command } from 'commander'

import { addBackupCommands } from './db/backups.ts'
import { addBenchCommand } from './db/bench.ts'
import { addCheckCommand } from './db/check.ts'
import { addCompactCommand } from './db/compact.ts'
import { addDumpCommands } from './db/dump.ts'
import { addMaintenanceCommands } from './db/maintain.ts'
import { addReadCommands } from './db/read.ts'
import { addStatsCommand } from './db/stats.ts'
import { addWriteCommands } from './db/write.ts'

/**
 * `varve db …`: tools for any directory in RocksDB's formats. What only reads opens without the lock and changes nothing;
 * options are those of the newest OPTIONS file.
 */
export function addDbCommands(program: Command): void {
  const db = program.command('db').description("tools for databases and files in RocksDB's formats")
  addReadCommands(db)
  addWriteCommands(db)
  addStatsCommand(db)
  addCheckCommand(db)
  addCompactCommand(db)
  addDumpCommands(db)
  addBackupCommands(db)
  addMaintenanceCommands(db)
  addBenchCommand(db)
}
