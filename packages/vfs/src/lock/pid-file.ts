import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import { promisify } from 'node:util'

import type { Release } from './lock-file.ts'

const run = promisify(execFile)

/**
 * Owns `path` by writing process id and start time into it; a file whose process is gone, or whose id belongs to a
 * process that started at another time, is stale and taken over.
 */
export async function acquirePidFile(path: string): Promise<Release | undefined> {
  const mine = `${process.pid} ${await startTimeOf(process.pid)}\n`
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await fs.writeFile(path, mine, { flag: 'wx' })
      return async () => {
        if ((await readText(path)) === mine) await fs.rm(path, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = await readText(path)
    if (owner === undefined) continue
    const [pid, ...start] = owner.trim().split(' ')
    if ((await startTimeOf(Number(pid))) === start.join(' ') && start.length > 0) return undefined
    await fs.rm(path, { force: true })
  }
  return undefined
}

/** Text that differs between two processes that had the same id; empty when there is no such process. */
async function startTimeOf(pid: number): Promise<string> {
  if (!Number.isInteger(pid) || pid <= 0) return ''
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim().replaceAll(/\s+/g, ' ')
  } catch {
    // ps ends with 1 when the process does not exist.
    return ''
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
