import { userKeyOf } from '@varve/base'
import { readIdentity, readManifest } from '@varve/manifest'
import { nodeFileSystem } from '@varve/vfs'
import type { Command } from 'commander'

import { formatBytes } from '../../render/bytes.ts'
import { formatTable } from '../../render/table.ts'

/** `stats`: what the MANIFEST says of families, levels and tables. */
export function addStatsCommand(db: Command): void {
  db.command('stats <dir>')
    .description('families, levels and tables')
    .option('--json', 'one JSON object')
    .action(async (directory: string, options: { readonly json?: boolean }) => {
      const state = await readManifest(nodeFileSystem, directory)
      if (options.json === true) {
        const text = JSON.stringify(
          { ...state, blobFiles: state.blobFiles.length },
          (_name, value: unknown) =>
            value instanceof Uint8Array
              ? formatBytes(value, 'hex')
              : value instanceof Map
                ? Object.fromEntries(value)
                : value,
        )
        process.stdout.write(`${text}\n`)
        return
      }
      const print = (line: string): void => void process.stdout.write(`${line}\n`)
      print(
        `database ${state.dbId ?? (await readIdentity(nodeFileSystem, directory))}, last sequence ${state.lastSequence}, manifest ${state.manifestFileNumber}`,
      )
      for (const family of state.columnFamilies) {
        print(
          `\ncolumn family "${family.name}" (id ${family.id}, ${family.comparatorName ?? 'default order'})`,
        )
        const rows = family.levels.flatMap((files, level) =>
          files.map((file) => [
            String(level),
            String(file.number),
            String(file.fileSizeBytes),
            `${file.smallestSequence}-${file.largestSequence}`,
            formatBytes(userKeyOf(file.smallest), 'text'),
            formatBytes(userKeyOf(file.largest), 'text'),
          ]),
        )
        print(
          rows.length === 0
            ? 'no tables'
            : formatTable(
                ['Level', 'Table', 'Bytes', 'Sequences', 'Smallest key', 'Largest key'],
                rows,
              ),
        )
      }
    })
}
