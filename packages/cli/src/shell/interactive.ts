import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

import { scanScript } from '@varve/sql'

import { ServerConnection } from './server-connection.ts'
import type { ShellSession } from './session.ts'
import { isBlank } from './statement-text.ts'

const HISTORY_LINES_MAX = 1000
const historyPath = join(homedir(), '.varve', 'history')

const help = `Statements end with ";" and may go over several lines. Ctrl-C ends a push query, Ctrl-D leaves.
  help                    this page
  version                 version of the server
  server [URL]            the server in use, or another one
  output [TABULAR|JSON]   how answers are shown
  set cli COLUMN-WIDTH n  width of the cells of streaming rows, 0 fits the terminal
  history                 what was typed before
  run script 'FILE';      statements from a file
  clear                   clears the screen
  exit                    leaves`

/** The shell on a terminal: reads lines, keeps history, runs what ends in `;`. Resolves when the user leaves. */
export async function runInteractive(
  session: ShellSession,
  output: (text: string) => void,
): Promise<void> {
  const history = await loadHistory()
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    history: [...history].reverse(),
    historySize: HISTORY_LINES_MAX,
    removeHistoryDuplicates: true,
    prompt: 'varve> ',
  })
  let running: AbortController | undefined
  let pending = ''
  terminal.on('SIGINT', () => {
    if (running !== undefined) return running.abort()
    pending = ''
    output('\n')
    terminal.setPrompt('varve> ')
    terminal.prompt()
  })
  terminal.prompt()
  for await (const line of terminal) {
    if (line.trim() !== '') history.push(line)
    if (isBlank(pending) && (await runCommand(line.trim(), session, history, output))) {
      if (
        line.trim().toLowerCase().replace(/;$/, '') === 'exit' ||
        line.trim().toLowerCase().replace(/;$/, '') === 'quit'
      )
        break
    } else {
      const { statements, rest } = scanScript(`${pending}${line}\n`)
      pending = isBlank(rest) ? '' : rest
      for (const statement of statements) {
        running = new AbortController()
        try {
          await session.runStatement(statement.text, running.signal)
        } catch (error) {
          output(`${(error as Error).message}\n`)
          break
        } finally {
          running = undefined
        }
      }
    }
    terminal.setPrompt(pending === '' ? 'varve> ' : '>')
    terminal.prompt()
  }
  terminal.close()
  await saveHistory(history)
}

/** Commands of the shell itself, without `;`. `false` when the line is none of them. */
async function runCommand(
  line: string,
  session: ShellSession,
  history: readonly string[],
  output: (text: string) => void,
): Promise<boolean> {
  const [word, ...rest] = line.replace(/;$/, '').split(/\s+/)
  switch (word?.toLowerCase()) {
    case '':
    case 'exit':
    case 'quit':
      return rest.length === 0
    case 'help':
      output(`${help}\n`)
      return true
    case 'clear':
      output('\u001Bc')
      return true
    case 'history':
      output(history.map((entry, i) => `${String(i + 1).padStart(5)}  ${entry}\n`).join(''))
      return true
    case 'version':
      output(
        await session.connection.info().then(
          ({ version }) => `${version}\n`,
          (error: unknown) => `${(error as Error).message}\n`,
        ),
      )
      return true
    case 'server':
      if (rest[0] !== undefined) session.connection = new ServerConnection(rest[0])
      output(`${session.connection.url}\n`)
      return true
    case 'output': {
      const format = rest[0]?.toUpperCase()
      if (format === 'TABULAR' || format === 'JSON') session.format = format
      output(`Output format is ${session.format}\n`)
      return true
    }
    case 'set':
      if (
        rest[0]?.toLowerCase() === 'cli' &&
        rest[1]?.toUpperCase() === 'COLUMN-WIDTH' &&
        /^\d+$/.test(rest[2] ?? '')
      ) {
        session.columnWidth = Number(rest[2])
        return true
      }
      return false
    default:
      return false
  }
}

async function loadHistory(): Promise<string[]> {
  try {
    return (await readFile(historyPath, 'utf8')).split('\n').filter((line) => line !== '')
  } catch {
    // The first time there is none; an unreadable one must not keep the shell from starting.
    return []
  }
}

async function saveHistory(history: readonly string[]): Promise<void> {
  try {
    await mkdir(dirname(historyPath), { recursive: true })
    await writeFile(historyPath, history.slice(-HISTORY_LINES_MAX).join('\n') + '\n', {
      mode: 0o600,
    })
  } catch {
    // A read-only home only costs the history.
  }
}
