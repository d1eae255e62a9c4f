import { writeSync } from 'node:fs'

/** Writes a line to the output before it returns: what was said is in the pipe when the process dies. */
export function say(line: string): void {
  const bytes = Buffer.from(`${line}\n`)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(1, bytes, written)
    } catch (error) {
      // The reader is behind and the pipe is full: ask again until it has room.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}
