import { join, resolve } from 'node:path'

import { messageOf, UnsupportedError } from '@varve/base'
import {
  logFileName,
  oldTableFileName,
  parseFileName,
  readManifest,
  tableFileName,
  type FileMetadata,
} from '@varve/manifest'
import { TableReader } from '@varve/sst-format'
import { nodeFileSystem } from '@varve/vfs'
import { LogReader, readWriteBatches } from '@varve/wal'
import type { Command } from 'commander'

import { printLine } from './open.ts'

interface CheckOptions {
  readonly walDir?: string
  readonly json?: boolean
}

/**
 * `check`: reads every block of every live table and every record of every log; ends with `N passed, N failed`. What is not supported
 * fails, too, and is not called damaged.
 */
export function addCheckCommand(db: Command): void {
  db.command('check <dir>')
    .description(
      'read and verify every live file; ends with 1 when one is damaged, or not supported',
    )
    .option('--wal-dir <dir>', 'directory of the logs, when it is another one')
    .option('--json', 'one JSON object a line')
    .action(async (directory: string, options: CheckOptions) => {
      let passed = 0
      let failed = 0
      const judge = async (what: string, run: () => Promise<string>): Promise<void> => {
        let verdict: 'ok' | 'damaged' | 'unsupported' = 'ok'
        let detail: string
        try {
          detail = await run()
          passed++
        } catch (error) {
          verdict = error instanceof UnsupportedError ? 'unsupported' : 'damaged'
          detail = messageOf(error)
          failed++
        }
        const ok = verdict === 'ok'
        printLine(
          options.json === true
            ? JSON.stringify({ file: what, ok, verdict, detail })
            : `${(ok ? verdict : verdict.toUpperCase()).padEnd(7)} ${what}: ${detail}`,
        )
      }
      const state = await readManifest(nodeFileSystem, directory)
      for (const family of state.columnFamilies) {
        for (const [level, files] of family.levels.entries()) {
          for (const file of files) {
            await judge(`${tableFileName(file.number)} (${family.name}, level ${level})`, () =>
              checkTable(directory, file),
            )
          }
        }
      }
      const walDirectory = resolve(directory, options.walDir ?? '.')
      for (const name of await nodeFileSystem.list(walDirectory)) {
        const parsed = parseFileName(name)
        if (parsed?.type !== 'log' || parsed.number < state.minLogNumberToKeep) continue
        await judge(name, () => checkLog(join(walDirectory, logFileName(parsed.number))))
      }
      printLine(
        options.json === true
          ? JSON.stringify({ passed, failed })
          : `${passed} passed, ${failed} failed`,
      )
      if (failed > 0) process.exitCode = 1
    })
}

async function checkTable(directory: string, file: FileMetadata): Promise<string> {
  let path = join(directory, tableFileName(file.number))
  if (!(await nodeFileSystem.exists(path))) {
    const old = join(directory, oldTableFileName(file.number))
    if (await nodeFileSystem.exists(old)) path = old
    else if (file.pathId !== undefined)
      throw new UnsupportedError('several directories of tables (db_paths)')
  }
  const { largestSequence } = file
  const table = await TableReader.open(nodeFileSystem, path, { largestSequence })
  try {
    if (table.fileSizeBytes !== file.fileSizeBytes) {
      throw new Error(`${table.fileSizeBytes} bytes where the manifest says ${file.fileSizeBytes}`)
    }
    let entries = 0
    let previous: Uint8Array | undefined
    for (const { key } of table.entries()) {
      if (previous !== undefined && table.comparator.compare(previous, key) >= 0)
        throw new Error(`entry ${entries} is out of order`)
      previous = key
      entries++
    }
    return `${entries} entries`
  } finally {
    await table.close()
  }
}

async function checkLog(path: string): Promise<string> {
  let batches = 0
  let entries = 0
  for await (const batch of readWriteBatches(await LogReader.open(nodeFileSystem, path))) {
    batches++
    entries += batch.count
  }
  return `${batches} write batches, ${entries} entries`
}
