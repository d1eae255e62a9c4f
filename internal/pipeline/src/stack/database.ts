import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'

/** A throw-away database whose log Debezium can read. */
export interface Database {
  readonly kind: 'postgres' | 'mariadb'
  readonly port: number
  /** Runs statements, each ended by a semicolon. */
  execute(sql: string): Promise<void>
  /** Rows of a query, each column as text. */
  select(sql: string): Promise<readonly (readonly string[])[]>
  /** A client that takes statements as they come. */
  openWriter(): StatementWriter
  close(): Promise<void>
}

/** Writes statements through one connection. */
export interface StatementWriter {
  /** Resolves when more can be taken. */
  write(sql: string): Promise<void>
  /** Resolves when all statements are done. @throws Error with what the database said */
  end(): Promise<void>
}

/** Client programs of a database: one that runs a script from its input, with columns parted by tabs. */
export interface ClientCommand {
  readonly command: string
  readonly args: readonly string[]
}

/** Runs a script to its end and gives its output. */
export function runScript({ command, args }: ClientCommand, sql: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { maxBuffer: 1 << 28, timeout: 120_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`${command}: ${stderr}`, { cause: error }))
      },
    )
    // A client that ends before it has read all, as one does that cannot connect yet, says why by how it ends.
    child.stdin!.on('error', () => undefined)
    child.stdin!.end(sql)
  })
}

/** Lines of a client's output as rows. */
export function rowsOf(output: string): readonly (readonly string[])[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
}

/** A {@link StatementWriter} over a client's input. */
export function openStatementWriter({ command, args }: ClientCommand): StatementWriter {
  const child: ChildProcessWithoutNullStreams = spawn(command, args, { stdio: 'pipe' })
  let said = ''
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'exit')
  return {
    async write(sql) {
      if (!child.stdin.write(sql)) await Promise.race([once(child.stdin, 'drain'), ended])
    },
    async end() {
      child.stdin.end()
      const [code] = (await ended) as [number | null]
      if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`)
    },
  }
}
