import type { FileSystem } from '@varve/vfs'

/** Makes a file of these bytes, or replaces one; nothing is synced. */
export async function writeFile(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.openWritable(path)
  try {
    await file.append(bytes)
  } finally {
    await file.close()
  }
}
