import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A child that runs a module of this package and reports by lines on its output. */
export interface ReportingChild {
  readonly process: ChildProcess
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>
  /** Kills without warning and waits until the process is gone. */
  kill(): Promise<void>
}

/** Starts `module` with this Node; each line of its output goes to `onLine`, its errors to ours. */
export function startChild(
  module: URL,
  args: readonly string[],
  onLine: (line: string) => void,
): ReportingChild {
  const child = spawn(
    process.execPath,
    ['--conditions=@varve/source', fileURLToPath(module), ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const lines = createInterface({ input: child.stdout })
  lines.on('line', onLine)
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    let status: number | string | undefined
    let drained = false
    const settle = (): void => {
      if (status !== undefined && drained) resolve(status)
    }
    child.once('exit', (code, signal) => {
      status = code ?? signal ?? 'unknown'
      settle()
    })
    // Lines written before the death are still in the pipe: the end of the output comes after the last of them.
    lines.once('close', () => {
      drained = true
      settle()
    })
  })
  return {
    process: child,
    ended,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
