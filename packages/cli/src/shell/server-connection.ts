import type { Entity } from '../render/entity.ts'

/** Settings that travel with every request of a session. */
export interface RequestSettings {
  readonly properties: Readonly<Record<string, string>>
  readonly variables: Readonly<Record<string, string>>
}

/** One element of a query's answer. */
export type QueryElement =
  | { readonly kind: 'header'; readonly queryId: string; readonly columns: readonly string[] }
  | { readonly kind: 'row'; readonly values: readonly unknown[]; readonly tombstone: boolean }
  | { readonly kind: 'final'; readonly message: string }
  | { readonly kind: 'line'; readonly text: string }

/** The server answered with an error; the text is the server's own. */
export class ServerError extends Error {
  readonly errorCode: number | undefined

  constructor(message: string, errorCode?: number) {
    super(message)
    this.name = 'ServerError'
    this.errorCode = errorCode
  }
}

/** The requests a shell makes, over fetch. Holds no connection of its own. */
export class ServerConnection {
  readonly url: string

  constructor(url: string) {
    this.url = url.replace(/\/+$/, '')
  }

  /** Identity of the server. @throws ServerError when nobody answers */
  async info(): Promise<{ readonly version: string; readonly serviceId: string }> {
    const response = await this.#request('/info', undefined)
    const body = (await response.json()) as {
      KsqlServerInfo: { version: string; ksqlServiceId: string }
    }
    return { version: body.KsqlServerInfo.version, serviceId: body.KsqlServerInfo.ksqlServiceId }
  }

  /** Runs statements other than SELECT and PRINT. */
  async execute(sql: string, settings: RequestSettings): Promise<Entity[]> {
    const response = await this.#request('/ksql', {
      ksql: sql,
      streamsProperties: settings.properties,
      sessionVariables: settings.variables,
    })
    return parseLossless(await response.text()) as Entity[]
  }

  /** Runs SELECT or PRINT; ends when the query does or the signal fires. */
  async *query(
    sql: string,
    settings: RequestSettings,
    signal?: AbortSignal,
  ): AsyncGenerator<QueryElement> {
    const response = await this.#request(
      '/query',
      { ksql: sql, streamsProperties: settings.properties, sessionVariables: settings.variables },
      signal,
    )
    for await (const line of lines(response)) {
      if (line.trim() !== '') yield* parseElement(line)
    }
  }

  async #request(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    let response: Response
    try {
      response = await fetch(this.url + path, {
        ...(body === undefined
          ? {}
          : {
              method: 'POST',
              body: JSON.stringify(body),
              headers: {
                'content-type': 'application/vnd.ksql.v1+json',
                accept: 'application/vnd.ksql.v1+json',
              },
            }),
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      if (signal?.aborted === true) throw error
      throw new ServerError(`no server answers at ${this.url}: ${reason(error)}`)
    }
    if (response.ok) return response
    throw serverError(await response.text(), response.status)
  }
}

/**
 * Lines of a streamed body, without their ends. The server may send the end of a line only with the next one, so what has arrived of a
 * line counts as the line as soon as it is a whole element.
 */
async function* lines(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true })
    const parts = rest.split('\n')
    rest = parts.pop()!
    yield* parts
    if (isWholeElement(rest)) {
      yield rest
      rest = ''
    }
  }
  if (rest !== '') yield rest
}

function isWholeElement(text: string): boolean {
  const element = text.trim().replace(/^[[,]+/, '')
  if (!element.startsWith('{') || !element.endsWith('}')) return false
  try {
    JSON.parse(element)
    return true
  } catch {
    return false
  }
}

/** A line of the array framing: an element between `[` or `,` and `,` or `]`. PRINT sends plain lines. */
function* parseElement(line: string): Generator<QueryElement> {
  const text = line
    .trim()
    .replace(/^[[,]+/, '')
    .replace(/[,\]]*$/, (end) => (end.endsWith(']') ? '' : end.replace(/,$/, '')))
  if (text === '') return
  if (!text.startsWith('{')) {
    yield { kind: 'line', text: line }
    return
  }
  const element = parseLossless(text) as {
    header?: { queryId: string; schema: string }
    row?: { columns: unknown[]; tombstone?: boolean }
    finalMessage?: string
    errorMessage?: { message: string; error_code?: number }
  }
  if (element.header !== undefined) {
    yield {
      kind: 'header',
      queryId: element.header.queryId,
      columns: columnNames(element.header.schema),
    }
  } else if (element.row !== undefined) {
    yield { kind: 'row', values: element.row.columns, tombstone: element.row.tombstone === true }
  } else if (element.finalMessage !== undefined) {
    yield { kind: 'final', message: element.finalMessage }
  } else if (element.errorMessage !== undefined) {
    throw new ServerError(element.errorMessage.message, element.errorMessage.error_code)
  }
}

/** Column names of a schema text: back-quoted at the top level, doubled back-quotes inside stand for one. */
export function columnNames(schema: string): string[] {
  const names: string[] = []
  let depth = 0
  let atStart = true
  for (let i = 0; i < schema.length; i++) {
    const c = schema[i]!
    if (c === '`') {
      let end = i + 1
      while (schema[end] !== undefined && (schema[end] !== '`' || schema[end + 1] === '`'))
        end += schema[end] === '`' ? 2 : 1
      if (depth === 0 && atStart) names.push(schema.slice(i + 1, end).replaceAll('``', '`'))
      atStart = false
      i = end
    } else if (c === '<' || c === '(') depth++
    else if (c === '>' || c === ')') depth--
    else if (c === ',' && depth === 0) atStart = true
  }
  return names
}

/** JSON with whole numbers beyond 2^53 as bigints. */
function parseLossless(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context!.source!)
      : value
  return JSON.parse(text, revive)
}

function serverError(body: string, status: number): ServerError {
  try {
    const answer = JSON.parse(body) as { message: string; error_code?: number; rendered?: string }
    if (typeof answer.message === 'string') {
      return new ServerError(answer.rendered ?? answer.message, answer.error_code)
    }
  } catch {
    // Not one of the server's own errors: a proxy's page, an empty body. The status says what there is to say.
  }
  return new ServerError(
    `the server answered ${status}${body === '' ? '' : `: ${body.slice(0, 200)}`}`,
  )
}

function reason(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause
  return cause?.code ?? cause?.message ?? String(error)
}
