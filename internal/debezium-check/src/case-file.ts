import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes as a case writes them. */
export type CaseBytes =
  null | { readonly json: unknown } | { readonly text: string } | { readonly hex: string }

/** One case: records and what a decoder makes of each. The folder's README describes the members. */
export interface DebeziumCase {
  readonly name: string
  readonly records: readonly {
    readonly topic: string
    readonly key: CaseBytes
    readonly value: CaseBytes
    readonly headers?: readonly {
      readonly key: string
      readonly text?: string
      readonly hex?: string
    }[]
  }[]
  readonly expected: readonly Readonly<Record<string, unknown>>[]
  readonly registry?: {
    readonly ids?: Readonly<Record<string, CaseSchema>>
    readonly guids?: Readonly<Record<string, CaseSchema>>
  }
  readonly options?: Readonly<Record<string, unknown>>
}

/** A schema of the stand-in for a registry. */
export interface CaseSchema {
  readonly schemaType: string
  readonly schema: unknown
}

/** The cases of a folder, in the order of their names. */
export async function readCases(directory: string): Promise<readonly DebeziumCase[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort()
  return Promise.all(
    names.map(async (name) => {
      const file = JSON.parse(await readFile(join(directory, name), 'utf8')) as DebeziumCase
      return { ...file, name: name.slice(0, -'.json'.length) }
    }),
  )
}

/** The bytes a case describes. */
export function caseBytes(bytes: CaseBytes): Uint8Array | null {
  if (bytes === null) return null
  if ('json' in bytes) return new TextEncoder().encode(JSON.stringify(bytes.json))
  if ('text' in bytes) return new TextEncoder().encode(bytes.text)
  return new Uint8Array(Buffer.from(bytes.hex, 'hex'))
}
