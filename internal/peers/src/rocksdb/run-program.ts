import { execFile } from 'node:child_process'

/** How a program ended. */
export interface ProgramEnd {
  /** Its exit code; -1 when a signal or the time limit ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const outputBytesMax = 256 * 1024 * 1024

/** Runs a program to its end; a bad end is an answer, not an exception. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        timeout: options.timeoutMs ?? 120_000,
        killSignal: 'SIGKILL',
        maxBuffer: outputBytesMax,
        env: { ...process.env, ...options.env },
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr })
        if (typeof error.code === 'string') return reject(error)
        resolve({ code: error.code ?? -1, stdout, stderr: stderr || error.message })
      },
    )
  })
}
