import { UnsupportedError } from '@varve/base'

import type { DocumentUpdate } from '../change.ts'
import { ChangeDecodeError } from '../errors.ts'
import { isStruct } from '../record/key.ts'
import { createStruct, type ColumnValue, type StructValue } from '../values/values.ts'

/** What an entry of the oplog does to a document: replace it, or change parts of it. */
export type OplogPatch =
  | { readonly kind: 'replace'; readonly document: StructValue }
  | { readonly kind: 'update'; readonly update: DocumentUpdate }

/** Documents nest 100 deep. */
const MAX_DEPTH = 200
const PATH = 'patch'

interface Parts {
  readonly updatedFields: { [path: string]: ColumnValue }
  readonly removedFields: string[]
  readonly truncatedArrays: { readonly field: string; readonly size: number }[]
}

/**
 * Reads the `patch` of MongoDB's events before Debezium 2: operators (`$set`, `$unset`), since MongoDB 5 a difference (`$v: 2`), or a whole
 * document. Format of differences: MongoDB's oplog, with `u`, `i`, `d` and `s…` for fields updated, inserted, deleted and changed inside;
 * arrays have `a`, their new length `l`, and `u0`, `s0` and so on for elements.
 *
 * @throws ChangeDecodeError for what is none of these, UnsupportedError for other operators
 */
export function readOplogPatch(patch: StructValue): OplogPatch {
  const names = Object.keys(patch)
  const diff = patch['diff']
  const parts: Parts = { updatedFields: createStruct(), removedFields: [], truncatedArrays: [] }
  if (patch['$v'] !== undefined && diff !== undefined) {
    readDifference(structOf(diff, 'diff'), '', parts, 0)
    return { kind: 'update', update: parts }
  }
  if (!names.some((name) => name.startsWith('$'))) return { kind: 'replace', document: patch }
  for (const name of names) {
    switch (name) {
      case '$v':
        break
      case '$set':
        for (const [path, value] of Object.entries(structOf(patch[name]!, name)))
          parts.updatedFields[path] = value
        break
      case '$unset':
        parts.removedFields.push(...Object.keys(structOf(patch[name]!, name)))
        break
      default:
        throw new UnsupportedError(`the operator ${name.slice(0, 40)} of a patch is not supported`)
    }
  }
  return { kind: 'update', update: parts }
}

function readDifference(diff: StructValue, prefix: string, parts: Parts, depth: number): void {
  if (depth > MAX_DEPTH) return wrong('diff', 'a difference nested too deeply')
  if (diff['a'] === true) return readArrayDifference(diff, prefix, parts, depth)
  for (const [name, value] of Object.entries(diff)) {
    if (name === 'u' || name === 'i')
      for (const [field, to] of Object.entries(structOf(value, prefix + name)))
        parts.updatedFields[prefix + field] = to
    else if (name === 'd')
      for (const field of Object.keys(structOf(value, prefix + name)))
        parts.removedFields.push(prefix + field)
    else if (name.startsWith('s'))
      readDifference(structOf(value, prefix + name), `${prefix}${name.slice(1)}.`, parts, depth + 1)
    else wrong(prefix + name, 'no part of a difference')
  }
}

function readArrayDifference(diff: StructValue, prefix: string, parts: Parts, depth: number): void {
  for (const [name, value] of Object.entries(diff)) {
    if (name === 'a') continue
    const [, action, index] = /^([us])(\d{1,9})$/.exec(name) ?? []
    if (name === 'l') {
      const size = Number(value)
      if (!Number.isInteger(size) || size < 0) wrong(prefix + name, 'no length')
      parts.truncatedArrays.push({ field: prefix.slice(0, -1), size })
    } else if (action === 'u') parts.updatedFields[prefix + index!] = value
    else if (action === 's')
      readDifference(structOf(value, prefix + name), `${prefix}${index!}.`, parts, depth + 1)
    else wrong(prefix + name, 'no part of a difference')
  }
}

function structOf(value: ColumnValue, member: string): StructValue {
  return isStruct(value) ? value : wrong(member, 'no document')
}

function wrong(member: string, message: string): never {
  throw new ChangeDecodeError('invalid-envelope', message, { path: `${PATH}.${member}` })
}
