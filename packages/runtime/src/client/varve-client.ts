import type { StatementResult } from '../result/entities.ts'
import { decodeValue, parseWireJson, WireNumber } from './decode-value.ts'
import { encodeRow } from './encode-row.ts'
import { readLines } from './lines.ts'
import { rowMaker } from './row-maker.ts'
import { ServerError } from './server-error.ts'
import { parseTypeText, type ClientType } from './type-text.ts'

/** Options of {@link VarveClient}. */
export interface VarveClientOptions {
  /** Address of the server, `http://127.0.0.1:8088`. */
  readonly url: string
  /** Sent with every request, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the platform's. */
  readonly fetch?: typeof fetch
}

/** Options of one call. */
export interface ClientQueryOptions {
  /** Session properties, as SET gives them. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** Values for `${name}`: each becomes one literal of its type. */
  readonly variables?: Readonly<Record<string, string | number | bigint | boolean | null>>
  readonly signal?: AbortSignal
  /** `object` (default) or `array`: values in column order. */
  readonly rows?: 'object' | 'array'
}

/** A change of a stream or table. */
export interface ClientChange<R = Record<string, unknown>, K = Record<string, unknown>> {
  readonly kind: 'insert' | 'update' | 'delete'
  readonly key: K | null
  readonly before: R | undefined
  readonly after: R | undefined
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

interface Column {
  readonly name: string
  readonly type: ClientType
}

/**
 * Talks to a server in the terms of the engine: the same `execute`, `query`, `stream`, `subscribe` and `insert`.
 *
 * @example
 * ```ts
 * const client = new VarveClient({ url: 'http://127.0.0.1:8088' })
 * const rows = await client.query('SELECT * FROM totals WHERE id = ${id};', { variables: { id: 7 } })
 * ```
 */
export class VarveClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #fetch: typeof fetch

  constructor(options: VarveClientOptions) {
    this.#url = options.url.replace(/\/$/, '')
    this.#headers = options.headers ?? {}
    this.#fetch = options.fetch ?? fetch
  }

  /** Executes the statements of a script other than SELECT and PRINT. @throws ServerError */
  async execute(sql: string, options: ClientQueryOptions = {}): Promise<StatementResult[]> {
    const response = await this.#post(
      '/ksql',
      {
        ksql: sql,
        streamsProperties: options.properties ?? {},
        sessionVariables: literals(options.variables),
      },
      'application/json',
      options.signal,
    )
    return (await response.json()) as StatementResult[]
  }

  /** All rows of a pull query. @throws ServerError */
  query(sql: string, options: ClientQueryOptions & { readonly rows: 'array' }): Promise<unknown[][]>
  query<R = Record<string, unknown>>(sql: string, options?: ClientQueryOptions): Promise<R[]>
  async query(sql: string, options: ClientQueryOptions = {}): Promise<unknown[]> {
    const rows: unknown[] = []
    for await (const row of this.#rows(sql, options)) rows.push(row)
    return rows
  }

  /** Rows of a push query as they come; leave the loop or abort the signal to end it. @throws ServerError */
  stream(
    sql: string,
    options: ClientQueryOptions & { readonly rows: 'array' },
  ): AsyncGenerator<unknown[]>
  stream<R = Record<string, unknown>>(sql: string, options?: ClientQueryOptions): AsyncGenerator<R>
  stream(sql: string, options: ClientQueryOptions = {}): AsyncGenerator<unknown> {
    return this.#rows(sql, options)
  }

  /** Changes of a stream or table, deletions included. @throws ServerError */
  async *subscribe<R = Record<string, unknown>, K = Record<string, unknown>>(
    source: string,
    options: { readonly from?: 'earliest' | 'latest'; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ClientChange<R, K>> {
    const body = { source, from: options.from ?? 'latest' }
    const response = await this.#post('/subscribe', body, 'application/x-ndjson', options.signal)
    const lines = this.#lines(response, options.signal)
    const { value } = await lines.next()
    const header = JSON.parse(value ?? '{}') as {
      keyColumns: { name: string; type: string }[]
      columns: { name: string; type: string }[]
    }
    const makeKey = rowMaker(header.keyColumns.map((column) => column.name))
    const makeRow = rowMaker(header.columns.map((column) => column.name))
    const keyColumns = header.keyColumns.map(toColumn)
    const columns = header.columns.map(toColumn)
    for await (const line of lines) {
      const change = parseWireJson(line) as Record<string, unknown>
      throwIfError(change)
      const row = (values: unknown, of: Column[], make: (values: unknown[]) => unknown): unknown =>
        values === null ? undefined : make(decodeRow(values as unknown[], of))
      yield {
        kind: change['kind'],
        key: row(change['key'], keyColumns, makeKey) ?? null,
        before: row(change['before'], columns, makeRow),
        after: row(change['after'], columns, makeRow),
        timestamp: toNumber(change['timestamp']),
        topic: change['topic'],
        partition: toNumber(change['partition']),
        offset: toNumber(change['offset']),
      } as ClientChange<R, K>
    }
  }

  /**
   * Inserts a row, or all rows of an iterable (sent in batches); resolves when all are acknowledged.
   *
   * @throws ServerError for the first row that was refused
   */
  async insert(
    source: string,
    rows:
      | Readonly<Record<string, unknown>>
      | Iterable<Readonly<Record<string, unknown>>>
      | AsyncIterable<Readonly<Record<string, unknown>>>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly count: number }> {
    const batches =
      Symbol.iterator in rows || Symbol.asyncIterator in rows
        ? (rows as AsyncIterable<Readonly<Record<string, unknown>>>)
        : [rows as Readonly<Record<string, unknown>>]
    let count = 0
    let lines: string[] = []
    const flush = async (): Promise<void> => {
      if (lines.length === 0) return
      const sent = [JSON.stringify({ target: source }), ...lines].join('\n')
      lines = []
      count += await this.#sendRows(sent, options.signal)
    }
    for await (const row of batches) {
      lines.push(encodeRow(row))
      if (lines.length >= 1_000) await flush()
    }
    await flush()
    return { count }
  }

  /** Ends a push query by id. @throws ServerError when there is none */
  async closeQuery(queryId: string): Promise<void> {
    await this.#post('/close-query', { queryId }, 'application/json')
  }

  /** What `/info` tells. */
  async info(): Promise<{ version: string; ksqlServiceId: string; serverStatus: string }> {
    const response = await this.#fetch(`${this.#url}/info`, { headers: this.#headers })
    if (!response.ok) throw await toError(response)
    const body = (await response.json()) as {
      KsqlServerInfo: { version: string; ksqlServiceId: string; serverStatus: string }
    }
    return body.KsqlServerInfo
  }

  async *#rows(sql: string, options: ClientQueryOptions): AsyncGenerator<unknown> {
    const response = await this.#post(
      '/query-stream',
      {
        sql,
        properties: options.properties ?? {},
        sessionVariables: literals(options.variables),
      },
      'application/vnd.ksqlapi.delimited.v1',
      options.signal,
    )
    const lines = this.#lines(response, options.signal)
    const { value } = await lines.next()
    const header = JSON.parse(value ?? '{}') as { columnNames: string[]; columnTypes: string[] }
    throwIfError(header)
    const columns = header.columnNames.map((name, i) =>
      toColumn({ name, type: header.columnTypes[i]! }),
    )
    const make = options.rows === 'array' ? undefined : rowMaker(header.columnNames)
    for await (const line of lines) {
      const row = parseWireJson(line)
      if (!Array.isArray(row)) throwIfError(row)
      const values = decodeRow(row as unknown[], columns)
      yield make === undefined ? values : make(values)
    }
  }

  /** Lines of an answer; an abort ends them instead of throwing. */
  async *#lines(response: Response, signal: AbortSignal | undefined): AsyncGenerator<string> {
    try {
      if (response.body !== null) yield* readLines(response.body)
    } catch (error) {
      if (signal?.aborted !== true) throw error
    }
  }

  async #sendRows(body: string, signal: AbortSignal | undefined): Promise<number> {
    const response = await this.#request(
      '/inserts-stream',
      body,
      'application/vnd.ksqlapi.delimited.v1',
      signal,
    )
    let count = 0
    for await (const line of this.#lines(response, signal)) {
      const acknowledgement = JSON.parse(line) as { readonly status: string }
      if (acknowledgement.status !== 'ok') throw new ServerError(0, acknowledgement)
      count += 1
    }
    return count
  }

  #post(path: string, body: unknown, accept: string, signal?: AbortSignal): Promise<Response> {
    return this.#request(path, JSON.stringify(body), accept, signal)
  }

  async #request(
    path: string,
    body: string,
    accept: string,
    signal?: AbortSignal,
  ): Promise<Response> {
    const response = await this.#fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, ...this.#headers },
      body,
      ...(signal === undefined ? {} : { signal }),
    })
    if (!response.ok) throw await toError(response)
    return response
  }
}

async function toError(response: Response): Promise<ServerError> {
  const text = await response.text()
  try {
    return new ServerError(response.status, JSON.parse(text))
  } catch {
    return new ServerError(response.status, { message: text })
  }
}

function throwIfError(body: unknown): void {
  if (typeof body !== 'object' || body === null || !('error_code' in body)) return
  const { error_code: code } = body as { readonly error_code: unknown }
  throw new ServerError(0, { ...body, error_code: toNumber(code) })
}

function toNumber(value: unknown): number {
  return value instanceof WireNumber ? Number(value.text) : Number(value)
}

function toColumn({ name, type }: { readonly name: string; readonly type: string }): Column {
  return { name, type: parseTypeText(type) }
}

function decodeRow(values: readonly unknown[], columns: readonly Column[]): unknown[] {
  return columns.map((column, i) => decodeValue(values[i], column.type))
}

/** The server substitutes text, so values travel as the literals that they are. */
function literals(variables: ClientQueryOptions['variables'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string'
        ? `'${value.replaceAll("'", "''")}'`
        : value === null
          ? 'NULL'
          : String(value),
    ]),
  )
}
