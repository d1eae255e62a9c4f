import { CorruptionError, UnsupportedError, utf8Bytes, utf8Text } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import { CURRENT_FILE_NAME, manifestFileName, parseFileName } from './file-names.ts'

/**
 * Number of the MANIFEST that `CURRENT` names.
 *
 * @throws CorruptionError when the text is not `MANIFEST-<number>` and a newline
 * @throws UnsupportedError when the number is 2^53 or more
 * @throws IoError when there is no such file (`isNotFound` of `@varve/vfs` tells): the directory holds no database
 */
export async function readCurrent(fs: FileSystem, directory: string): Promise<number> {
  const path = `${directory}/${CURRENT_FILE_NAME}`
  const text = utf8Text(await fs.readFile(path))
  if (!text.endsWith('\n')) {
    throw new CorruptionError('CURRENT does not end with a newline', { file: path })
  }
  const name = text.slice(0, -1)
  const parsed = parseFileName(name)
  if (parsed === undefined && /^MANIFEST-\d{16,19}$/.test(name))
    throw new UnsupportedError(`file numbers of 2^53 and more, as "${name}" has`)
  if (parsed?.type !== 'manifest') {
    throw new CorruptionError('CURRENT does not name a manifest', { file: path, actual: text })
  }
  return parsed.number
}

/** Points `CURRENT` to a MANIFEST that is already synced: the old or the new name survives, never a mix. */
export async function writeCurrent(
  fs: FileSystem,
  directory: string,
  manifestFileNumber: number,
): Promise<void> {
  await fs.writeFileAtomic(
    `${directory}/${CURRENT_FILE_NAME}`,
    utf8Bytes(`${manifestFileName(manifestFileNumber)}\n`),
  )
}
