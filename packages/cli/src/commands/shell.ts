import { readFile } from 'node:fs/promises'

import { InvalidArgumentError, type Command } from 'commander'

import { runInteractive } from '../shell/interactive.ts'
import { ShellSession } from '../shell/session.ts'

interface ShellOptions {
  readonly server: string
  readonly output: string
  readonly execute?: string
  readonly file?: string
  readonly define: readonly (readonly [name: string, value: string])[]
  readonly queryRowLimit?: number
  readonly queryTimeout?: number
}

/** `varve` without a command: the shell, or statements given on the command line. */
export function addShellCommand(program: Command): void {
  program
    .option('--server <url>', 'server to talk to', 'http://127.0.0.1:8088')
    .option('--output <format>', 'TABULAR or JSON', 'TABULAR')
    .option('-e, --execute <sql>', 'run statements and leave')
    .option('-f, --file <path>', 'run the statements of a file and leave')
    .option('-d, --define <name=value>', 'give a variable its value', parseDefinition, [])
    .option('--query-row-limit <n>', 'rows after which a push query ends', positiveInteger)
    .option('--query-timeout <ms>', 'milliseconds after which a push query ends', positiveInteger)
    .action(async (options: ShellOptions) => {
      const write = (text: string): void => void process.stdout.write(text)
      const format = options.output.toUpperCase()
      if (format !== 'TABULAR' && format !== 'JSON')
        throw new Error(`--output is TABULAR or JSON, not "${options.output}"`)
      const session = new ShellSession({
        serverUrl: options.server,
        format,
        output: {
          write,
          terminalWidth: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
        },
        ...(options.queryRowLimit === undefined ? {} : { queryRowLimit: options.queryRowLimit }),
        ...(options.queryTimeout === undefined ? {} : { queryTimeoutMs: options.queryTimeout }),
      })
      for (const [name, value] of options.define) session.define(name, value)
      if (options.execute !== undefined || options.file !== undefined) {
        const stop = new AbortController()
        process.once('SIGINT', () => stop.abort())
        if (options.file !== undefined)
          await session.runText(await readFile(options.file, 'utf8'), stop.signal)
        if (options.execute !== undefined) {
          const sql = options.execute.trimEnd()
          await session.runText(sql.endsWith(';') ? sql : `${sql};`, stop.signal)
        }
        return
      }
      if (!process.stdin.isTTY) {
        let text = ''
        for await (const chunk of process.stdin) text += String(chunk)
        return session.runText(text)
      }
      await greet(session, write)
      await runInteractive(session, write)
    })
}

async function greet(session: ShellSession, write: (text: string) => void): Promise<void> {
  try {
    const { version, serviceId } = await session.connection.info()
    write(`varve shell, server ${version} (${serviceId}) at ${session.connection.url}\n`)
  } catch (error) {
    write(
      `${(error as Error).message}\nStart one with "varve server", or name another with "server URL".\n`,
    )
  }
  write('Type "help" for what the shell understands.\n\n')
}

function parseDefinition(
  text: string,
  previous: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('write name=value')
  return [...previous, [text.slice(0, at), text.slice(at + 1)]]
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('write a whole number above 0')
  return Number(text)
}
