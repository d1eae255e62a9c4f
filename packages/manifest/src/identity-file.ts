import { utf8Bytes, utf8Text } from '@varve/base'
import { isNotFound, type FileSystem } from '@varve/vfs'

import { IDENTITY_FILE_NAME } from './file-names.ts'

/** Id of the database, `undefined` when it has none. Old releases end the text with a newline. */
export async function readIdentity(fs: FileSystem, directory: string): Promise<string | undefined> {
  try {
    const text = utf8Text(await fs.readFile(`${directory}/${IDENTITY_FILE_NAME}`)).trim()
    return text === '' ? undefined : text
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Writes the id, without newline. */
export async function writeIdentity(
  fs: FileSystem,
  directory: string,
  dbId: string,
): Promise<void> {
  await fs.writeFileAtomic(`${directory}/${IDENTITY_FILE_NAME}`, utf8Bytes(dbId))
}
