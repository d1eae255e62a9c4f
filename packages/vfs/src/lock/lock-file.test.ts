import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { LockedError } from '@varve/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { nodeFileSystem } from '../index.ts'
import { acquirePidFile } from './pid-file.ts'

const holder = `
  import { nodeFileSystem } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)}
  await nodeFileSystem.lock(process.argv[1])
  console.log('held')
  setInterval(() => {}, 1000)
`

describe('lockFile', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'varve-lock-'))
  })
  afterEach(() => {
    rmSync(directory, { recursive: true })
  })

  it('excludes another process, and is free again as soon as that one is killed', async () => {
    const path = join(directory, 'LOCK')
    const child = spawn(
      process.execPath,
      ['--conditions=@varve/source', '--input-type=module', '--eval', holder, path],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      await once(child.stdout, 'data')
      await expect(nodeFileSystem.lock(path)).rejects.toThrow(LockedError)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await (await nodeFileSystem.lock(path)).release()
  })

  it('of a file that was deleted does not stand in the way of another file', async () => {
    const path = join(directory, 'LOCK')
    const lock = await nodeFileSystem.lock(path)
    rmSync(path)
    // File systems give the number of a deleted file to the next one.
    const next = await nodeFileSystem.lock(join(directory, 'NEXT'))
    const again = await nodeFileSystem.lock(path)
    await Promise.all([lock.release(), next.release(), again.release()])
  })

  it('takes over the pid file of a process that is gone, not of one that lives', async () => {
    const path = join(directory, 'LOCK.pid')
    const release = await acquirePidFile(path)
    expect(release).toBeDefined()
    expect(await acquirePidFile(path)).toBeUndefined()
    await release!()
    await nodeFileSystem.writeFileAtomic(
      path,
      new TextEncoder().encode('999999 Thu Jan 1 00:00:00 1970\n'),
    )
    const taken = await acquirePidFile(path)
    expect(taken).toBeDefined()
    await taken!()
  })
})
