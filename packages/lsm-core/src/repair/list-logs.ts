import { parseFileName } from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'

/** Names of the logs in a directory; none when it is not there. */
export async function listLogs(fs: FileSystem, walDirectory: string): Promise<string[]> {
  if (!(await fs.exists(walDirectory))) return []
  return (await fs.list(walDirectory)).filter((name) => parseFileName(name)?.type === 'log')
}
