import { listBackups, listCorruptBackups } from '@varve/lsm-core'
import { MemoryFileSystem } from '@varve/vfs'

import type { FuzzTarget } from '../fuzz-target.ts'

/** Descriptions of backups: what is not whole is told of, and no file leads out of the backup's directory. */
export const backupTarget: FuzzTarget = {
  name: 'backup-meta',
  make(random) {
    const files = Array.from({ length: random.below(6) }, (_, n) => {
      const number = String(random.below(1000)).padStart(6, '0')
      const path = random.pick([
        `shared_checksum/${number}_sWMYST4YAW37AYIXQCVU5_${100 + n}.sst`,
        `private/7/${number}.log`,
        'private/7/CURRENT',
        `shared/${number}.sst`,
      ])
      return `${path} crc32 ${random.below(2 ** 31)}${random.below(3) === 0 ? ` size ${n}` : ''}`
    })
    const lines = [
      ...(random.below(3) === 0 ? ['schema_version 2.1'] : []),
      String(random.below(2 ** 31)),
      String(random.below(2 ** 31)),
      ...(random.below(3) === 0 ? ['metadata 6E6F7465'] : []),
      String(files.length),
      ...files,
    ]
    return new TextEncoder().encode(`${lines.join('\n')}\n`)
  },
  async run(input, { valid }) {
    const fileSystem = new MemoryFileSystem()
    await fileSystem.mkdir('/backup/meta')
    const file = fileSystem.openWritableSync('/backup/meta/7')
    file.appendSync(input)
    file.closeSync()
    const backups = await listBackups('/backup', { fileSystem })
    const corrupt = await listCorruptBackups('/backup', { fileSystem })
    if (backups.length + corrupt.length !== 1) throw new Error('the backup is gone')
    // The files themselves are not there.
    if (valid && corrupt[0] !== undefined && !/missing/.test(corrupt[0].error.message))
      throw new Error('a whole description is refused', { cause: corrupt[0].error })
    for (const { files } of backups)
      for (const { path, name } of files)
        if (/(?:^|\/)\.\.?(?:\/|$)/.test(`${path}/${name}`)) throw new Error(`path ${path}`)
    if (corrupt[0] !== undefined && !valid) throw corrupt[0].error
  },
  allocationMax: (inputBytes) => 65_536 * 4 + inputBytes * 64,
}
