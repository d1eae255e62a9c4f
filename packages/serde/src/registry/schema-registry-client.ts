import { systemClock, type Clock } from '@varve/base'

import { SchemaRegistryError } from '../errors.ts'
import type {
  RegisteredSchema,
  SchemaDefinition,
  SchemaReference,
  SchemaRegistry,
  SchemaType,
  SubjectVersion,
} from './schema-registry.ts'

/** Options of {@link SchemaRegistryClient}. */
export interface SchemaRegistryClientOptions {
  /** Base address, with a path where there is one; user and password in it become basic authentication. */
  readonly url: string
  /** Further headers of every request, for example `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** For one request, milliseconds. Default 10000. */
  readonly requestTimeoutMs?: number
  /** Tries after the first one, of requests that failed with 5xx or without an answer. Default 4. */
  readonly retries?: number
  /** Wait before the second try, doubled each time. Default 100. */
  readonly retryBackoffMs?: number
  /** How long "latest" is believed, milliseconds. Default 5000. Ids and versions are kept for ever, as they never change. */
  readonly latestCacheMs?: number
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch
  readonly clock?: Clock
}

/** Schemas kept by id or version. */
const MAX_CACHED = 10_000
/** Answers longer than this many characters are refused. */
const MAX_ANSWER_LENGTH = 16 << 20

/**
 * Client of a registry with Confluent's HTTP API. Concurrent requests for the same thing are one request; failures without an answer and 5xx
 * are tried again, 4xx never.
 */
export class SchemaRegistryClient implements SchemaRegistry {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeoutMs: number
  readonly #retries: number
  readonly #backoffMs: number
  readonly #latestMs: number
  readonly #fetch: typeof fetch
  readonly #clock: Clock
  readonly #cache = new Map<string, unknown>()
  readonly #latest = new Map<string, { readonly until: number; readonly value: SubjectVersion }>()
  readonly #pending = new Map<string, Promise<unknown>>()

  constructor(options: SchemaRegistryClientOptions) {
    const url = new URL(options.url)
    const headers: Record<string, string> = {}
    if (url.username !== '') {
      const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
      headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`
      url.username = ''
      url.password = ''
    }
    this.#base = url.href.replace(/\/+$/, '')
    this.#headers = { ...headers, ...options.headers }
    this.#timeoutMs = options.requestTimeoutMs ?? 10_000
    this.#retries = options.retries ?? 4
    this.#backoffMs = options.retryBackoffMs ?? 100
    this.#latestMs = options.latestCacheMs ?? 5_000
    this.#fetch = options.fetch ?? fetch
    this.#clock = options.clock ?? systemClock
  }

  schemaById(id: number): Promise<RegisteredSchema> {
    return this.#cached(`id ${id}`, async () => {
      const answer = await this.#request('GET', `/schemas/ids/${id}`)
      return { id, ...readDefinition(answer) }
    })
  }

  schemaByGuid(guid: string): Promise<RegisteredSchema> {
    return this.#cached(`guid ${guid}`, async () => {
      const answer = await this.#request('GET', `/schemas/guids/${encodeURIComponent(guid)}`)
      return { id: numberOf(answer, 'id', -1), ...readDefinition(answer) }
    })
  }

  latest(subject: string): Promise<SubjectVersion> {
    const known = this.#latest.get(subject)
    if (known !== undefined && known.until > this.#clock.monotonicMs())
      return Promise.resolve(known.value)
    return this.#once(`latest ${subject}`, async () => {
      const value = await this.#version(subject, 'latest')
      if (this.#latest.size >= MAX_CACHED) this.#latest.clear()
      this.#latest.set(subject, { until: this.#clock.monotonicMs() + this.#latestMs, value })
      return value
    })
  }

  version(subject: string, version: number): Promise<SubjectVersion> {
    return this.#cached(`version ${version} ${subject}`, () =>
      this.#version(subject, String(version)),
    )
  }

  async subjects(): Promise<readonly string[]> {
    return arrayOf(await this.#request('GET', '/subjects'), 'string')
  }

  async versions(subject: string): Promise<readonly number[]> {
    return arrayOf(await this.#request('GET', `${subjectPath(subject)}/versions`), 'number')
  }

  register(subject: string, definition: SchemaDefinition): Promise<number> {
    const body = writeDefinition(definition)
    return this.#cached(`register ${subject} ${body}`, async () => {
      const answer = await this.#request('POST', `${subjectPath(subject)}/versions`, body)
      this.#latest.delete(subject)
      return numberOf(answer, 'id')
    })
  }

  async lookup(subject: string, definition: SchemaDefinition): Promise<SubjectVersion | undefined> {
    try {
      const answer = await this.#request('POST', subjectPath(subject), writeDefinition(definition))
      return readVersion(answer, subject)
    } catch (error) {
      if (error instanceof SchemaRegistryError && error.status === 404) return undefined
      throw error
    }
  }

  async compatible(subject: string, definition: SchemaDefinition): Promise<boolean> {
    try {
      const path = `/compatibility${subjectPath(subject)}/versions/latest`
      const answer = await this.#request('POST', path, writeDefinition(definition))
      return isRecord(answer) && answer['is_compatible'] === true
    } catch (error) {
      // A subject without versions takes any schema.
      if (error instanceof SchemaRegistryError && error.status === 404) return true
      throw error
    }
  }

  async deleteSubject(subject: string): Promise<readonly number[]> {
    const answer = await this.#request('DELETE', subjectPath(subject))
    this.#latest.delete(subject)
    for (const key of this.#cache.keys())
      if (key.startsWith(`register ${subject} `) || key.endsWith(` ${subject}`))
        this.#cache.delete(key)
    return arrayOf(answer, 'number')
  }

  async #version(subject: string, version: string): Promise<SubjectVersion> {
    return readVersion(
      await this.#request('GET', `${subjectPath(subject)}/versions/${version}`),
      subject,
    )
  }

  #cached<T>(key: string, load: () => Promise<T>): Promise<T> {
    if (this.#cache.has(key)) return Promise.resolve(this.#cache.get(key) as T)
    return this.#once(key, async () => {
      const value = await load()
      if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value!)
      this.#cache.set(key, value)
      return value
    })
  }

  #once<T>(key: string, load: () => Promise<T>): Promise<T> {
    const pending = this.#pending.get(key)
    if (pending !== undefined) return pending as Promise<T>
    const started = load().finally(() => this.#pending.delete(key))
    this.#pending.set(key, started)
    return started
  }

  async #request(method: string, path: string, body?: string): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#requestOnce(method, path, body)
      } catch (error) {
        const again =
          error instanceof SchemaRegistryError && (error.status === 0 || error.status >= 500)
        if (!again || attempt >= this.#retries) throw error
        await this.#clock.sleep(this.#backoffMs * 2 ** attempt)
      }
    }
  }

  async #requestOnce(method: string, path: string, body: string | undefined): Promise<unknown> {
    let response: Response
    let text: string
    try {
      response = await this.#fetch(this.#base + path, {
        method,
        headers: {
          accept: 'application/vnd.schemaregistry.v1+json, application/json',
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
          ...this.#headers,
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(this.#timeoutMs),
      })
      text = await response.text()
    } catch (cause) {
      throw new SchemaRegistryError(0, 0, `schema registry ${this.#base} does not answer`, {
        cause,
      })
    }
    if (text.length > MAX_ANSWER_LENGTH)
      throw new SchemaRegistryError(0, response.status, 'the answer of the registry is too long')
    const answer = parseAnswer(text)
    if (response.ok) {
      if (answer === undefined)
        throw new SchemaRegistryError(0, response.status, 'the answer of the registry is no JSON')
      return answer
    }
    const code = isRecord(answer) ? answer['error_code'] : undefined
    const message = isRecord(answer) ? answer['message'] : undefined
    throw new SchemaRegistryError(
      typeof code === 'number' ? code : response.status,
      response.status,
      `schema registry: ${typeof message === 'string' ? message : `status ${response.status}`}`,
    )
  }
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(what: string): never {
  throw new SchemaRegistryError(0, 200, `the answer of the registry has no ${what}`)
}

function numberOf(answer: unknown, name: string, fallback?: number): number {
  const value = isRecord(answer) ? answer[name] : undefined
  return typeof value === 'number' ? value : (fallback ?? malformed(name))
}

function arrayOf(answer: unknown, type: 'string'): readonly string[]
function arrayOf(answer: unknown, type: 'number'): readonly number[]
function arrayOf(answer: unknown, type: string): readonly unknown[] {
  if (!Array.isArray(answer) || answer.some((element) => typeof element !== type))
    return malformed(`list of ${type}s`)
  return answer
}

function readDefinition(answer: unknown): SchemaDefinition {
  if (!isRecord(answer) || typeof answer['schema'] !== 'string') return malformed('schema')
  const references = answer['references']
  return {
    schemaType: (answer['schemaType'] ?? 'AVRO') as SchemaType,
    schema: answer['schema'],
    ...(Array.isArray(references) && references.length > 0
      ? { references: references.map(readReference) }
      : {}),
  }
}

function readReference(reference: unknown): SchemaReference {
  if (
    !isRecord(reference) ||
    typeof reference['name'] !== 'string' ||
    typeof reference['subject'] !== 'string'
  )
    return malformed('valid references')
  return {
    name: reference['name'],
    subject: reference['subject'],
    version: numberOf(reference, 'version'),
  }
}

function readVersion(answer: unknown, subject: string): SubjectVersion {
  return {
    subject,
    version: numberOf(answer, 'version'),
    id: numberOf(answer, 'id'),
    ...readDefinition(answer),
  }
}

/** The registry takes AVRO where no type is given; older ones refuse the member. */
function writeDefinition(definition: SchemaDefinition): string {
  return JSON.stringify({
    schema: definition.schema,
    ...(definition.schemaType === 'AVRO' ? {} : { schemaType: definition.schemaType }),
    ...(definition.references === undefined || definition.references.length === 0
      ? {}
      : { references: definition.references }),
  })
}
