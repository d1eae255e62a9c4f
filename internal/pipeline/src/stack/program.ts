import { spawn, type ChildProcess } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program that runs beside the tests. */
export interface Program {
  /** Ends it: by default with the chance to finish its work. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** How a program is started, and how one sees that it is there. */
export interface ProgramOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly log: string
  readonly environment?: Readonly<Record<string, string>>
  /** Whether it answers. */
  readonly isReady: () => Promise<boolean>
  readonly timeoutMs: number
}

/** Starts a program; it ends with this process at the latest. @throws Error with the end of its log when it does not come up */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { command, args, log, isReady, timeoutMs } = options
  const output = openSync(log, 'a')
  const child = spawn(command, args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...options.environment },
  })
  const endWithParent = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithParent)
  const program: Program = {
    async end(signal = 'SIGTERM') {
      process.off('exit', endWithParent)
      await endChild(child, signal)
    },
  }
  const deadline = Date.now() + timeoutMs
  while (!(await isReady().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await program.end('SIGKILL')
      throw new Error(`${command} did not come up: ${readFileSync(log, 'utf8').slice(-3000)}`)
    }
    await sleep(250)
  }
  return program
}

async function endChild(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await ended
  clearTimeout(timer)
}

/** Whether an address answers a GET. */
export async function answersGet(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  await response.arrayBuffer()
  return response.ok
}
