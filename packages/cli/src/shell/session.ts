import { readFile } from 'node:fs/promises'

import { scanScript } from '@varve/sql'

import { formatEntity } from '../render/entity.ts'
import {
  formatStreamHeader,
  formatStreamRow,
  formatTable,
  type TableLayout,
} from '../render/table.ts'
import { formatCell } from '../render/cell.ts'
import { ServerConnection, type QueryElement } from './server-connection.ts'
import { firstWord, isBlank } from './statement-text.ts'

/** What a session writes to and asks of its surroundings. */
interface SessionOutput {
  write(text: string): void
  /** Columns of the terminal now; `undefined` when the output is not one. */
  terminalWidth(): number | undefined
}

/** Options of a {@link ShellSession}. */
export interface SessionOptions {
  readonly serverUrl: string
  readonly output: SessionOutput
  readonly format?: 'TABULAR' | 'JSON'
  /** Rows after which a push query ends by itself. */
  readonly queryRowLimit?: number
  /** Milliseconds after which a push query ends by itself. */
  readonly queryTimeoutMs?: number
}

const assignment = /^SET\s+'((?:[^']|'')*)'\s*=\s*'((?:[^']|'')*)'\s*;$/is
const unassignment = /^UNSET\s+'((?:[^']|'')*)'\s*;$/is
const definition = /^DEFINE\s+([A-Za-z_]\w*)\s*=\s*'((?:[^']|'')*)'\s*;$/is
const undefinition = /^UNDEFINE\s+([A-Za-z_]\w*)\s*;$/is
const script = /^RUN\s+SCRIPT\s+'((?:[^']|'')*)'\s*;$/is

/**
 * What a shell knows between statements: properties, variables, output format; and how each kind of statement is run.
 * Free of terminals, so that scripts, tests and the interactive shell share it.
 */
export class ShellSession {
  readonly #properties: Record<string, string> = Object.create(null) as Record<string, string>
  readonly #variables: Record<string, string> = Object.create(null) as Record<string, string>
  readonly #options: SessionOptions
  #format: 'TABULAR' | 'JSON'
  #columnWidth = 0
  connection: ServerConnection

  constructor(options: SessionOptions) {
    this.#options = options
    this.#format = options.format ?? 'TABULAR'
    this.connection = new ServerConnection(options.serverUrl)
  }

  get format(): 'TABULAR' | 'JSON' {
    return this.#format
  }

  set format(format: 'TABULAR' | 'JSON') {
    this.#format = format
  }

  /** Fixed width of the cells of streaming rows; 0 fits the terminal. */
  set columnWidth(width: number) {
    this.#columnWidth = width
  }

  /** Gives a variable its value, as DEFINE does. */
  define(name: string, value: string): void {
    this.#variables[name] = value
  }

  /** Runs every statement of a text in order; stops at the first that fails. */
  async runText(text: string, signal?: AbortSignal): Promise<void> {
    const { statements, rest } = scanScript(text)
    for (const statement of statements) await this.runStatement(statement.text, signal)
    if (!isBlank(rest))
      throw new Error(`statement without ";" at the end: ${rest.trim().slice(0, 60)}`)
  }

  /** Runs one statement that ends in `;`. The signal ends a push query, and only that. */
  async runStatement(statement: string, signal?: AbortSignal): Promise<void> {
    switch (firstWord(statement)) {
      case 'SET':
      case 'UNSET':
      case 'DEFINE':
      case 'UNDEFINE':
        if (this.#keep(statement)) return
        break
      case 'RUN': {
        const path = script.exec(statement)?.[1]
        if (path !== undefined) return this.runText(await readFile(unquote(path), 'utf8'), signal)
        break
      }
      case 'SELECT':
      case 'PRINT':
        return this.#query(statement, signal)
      case 'SHOW':
      case 'LIST':
        if (/^\w+\s+VARIABLES\s*;$/i.test(statement)) return this.#showVariables()
        break
    }
    for (const entity of await this.connection.execute(statement, this.#settings())) {
      this.#line(this.#format === 'JSON' ? json(entity) : formatEntity(entity, this.#layout()))
    }
  }

  /** Statements that only change the session. `false` when the text is not in their form: the server says what is wrong. */
  #keep(statement: string): boolean {
    const body = statement.slice(statement.search(/[A-Za-z]/))
    let match = assignment.exec(body)
    if (match !== null) {
      const name = unquote(match[1]!)
      const before = this.#properties[name]
      this.#properties[name] = unquote(match[2]!)
      this.#line(
        before === undefined
          ? `Successfully changed local property '${name}' to '${this.#properties[name]}'.`
          : `Successfully changed local property '${name}' from '${before}' to '${this.#properties[name]}'.`,
      )
      return true
    }
    match = unassignment.exec(body)
    if (match !== null) {
      const name = unquote(match[1]!)
      const known = name in this.#properties
      delete this.#properties[name]
      this.#line(
        known
          ? `Successfully unset local property '${name}'.`
          : `Local property '${name}' was not set.`,
      )
      return true
    }
    match = definition.exec(body)
    if (match !== null) {
      this.define(match[1]!, unquote(match[2]!))
      return true
    }
    match = undefinition.exec(body)
    if (match !== null) {
      delete this.#variables[match[1]!]
      return true
    }
    return false
  }

  #showVariables(): void {
    const rows = Object.entries(this.#variables)
    this.#line(formatTable(['Variable Name', 'Value'], rows, this.#layout()))
  }

  async #query(statement: string, outer: AbortSignal | undefined): Promise<void> {
    const signals = [
      ...(outer === undefined ? [] : [outer]),
      ...(this.#options.queryTimeoutMs === undefined
        ? []
        : [AbortSignal.timeout(this.#options.queryTimeoutMs)]),
    ]
    const limit = new AbortController()
    const signal = AbortSignal.any([limit.signal, ...signals])
    try {
      await this.#print(
        this.connection.query(statement, this.#settings(), signal),
        isPush(statement),
        () => limit.abort(),
      )
    } catch (error) {
      if (!signal.aborted) throw error
      this.#line('Query terminated')
    }
  }

  async #print(
    elements: AsyncIterable<QueryElement>,
    push: boolean,
    stop: () => void,
  ): Promise<void> {
    let columns: readonly string[] = []
    let rows = 0
    const held: string[][] = []
    for await (const element of elements) {
      switch (element.kind) {
        case 'header':
          columns = element.columns
          if (push && this.#format === 'TABULAR')
            this.#line(formatStreamHeader(columns, this.#layout()))
          break
        case 'row': {
          const cells = element.values.map((v) =>
            v === null && element.tombstone ? '<TOMBSTONE>' : formatCell(v),
          )
          if (this.#format === 'JSON') {
            this.#line(
              json(Object.fromEntries(columns.map((name, i) => [name, element.values[i] ?? null]))),
            )
          } else if (push) {
            this.#line(formatStreamRow(cells, columns.length, this.#layout()))
          } else {
            held.push(cells)
          }
          rows++
          if (push && rows === this.#options.queryRowLimit) return stop()
          break
        }
        case 'final':
          this.#line(element.message)
          break
        case 'line':
          this.#line(element.text)
          break
      }
    }
    if (!push && this.#format === 'TABULAR' && columns.length > 0) {
      this.#line(formatTable(columns, held, this.#layout()))
      this.#line('Query terminated')
    }
  }

  #settings(): { properties: Record<string, string>; variables: Record<string, string> } {
    return { properties: { ...this.#properties }, variables: { ...this.#variables } }
  }

  #layout(): TableLayout {
    const terminalWidth = this.#options.output.terminalWidth()
    return {
      ...(terminalWidth === undefined ? {} : { terminalWidth }),
      ...(this.#columnWidth === 0 ? {} : { columnWidth: this.#columnWidth }),
    }
  }

  #line(text: string): void {
    this.#options.output.write(text + '\n')
  }
}

function isPush(statement: string): boolean {
  return /\bEMIT\s+(CHANGES|FINAL)\b/i.test(statement)
}

function unquote(text: string): string {
  return text.replaceAll("''", "'")
}

function json(value: unknown): string {
  // Whole numbers beyond 2^53 keep their digits; TypeScript's library does not know rawJSON yet.
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
  return JSON.stringify(
    value,
    (_key, v: unknown) => (typeof v === 'bigint' ? rawJSON(v.toString()) : v),
    2,
  )
}
