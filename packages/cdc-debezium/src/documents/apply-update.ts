import type { DocumentUpdate } from '../change.ts'
import { isStruct } from '../record/key.ts'
import { createStruct, type ColumnValue, type StructValue } from '../values/values.ts'

/** Longest array that an update may make by setting an element behind its end. */
const MAX_ARRAY_LENGTH = 1_000_000
/** Steps of a path; MongoDB nests documents 100 deep. */
const MAX_PATH_STEPS = 200

type Document = { [name: string]: ColumnValue }

/**
 * The document after an update that came without it: paths are set, removed fields unset, arrays cut. Neither argument is changed; what the
 * update does not touch is shared. A dot within a name of a field cannot be told from the dot of a path.
 *
 * @throws RangeError for a path deeper than documents can be, and for an element far behind the end of an array
 */
export function applyDocumentUpdate(document: StructValue, update: DocumentUpdate): StructValue {
  let result: ColumnValue = document
  for (const [path, value] of Object.entries(update.updatedFields))
    result = setAt(result, stepsOf(path), 0, value)
  for (const path of update.removedFields) result = removeAt(result, stepsOf(path), 0)
  for (const { field, size } of update.truncatedArrays)
    result = cutAt(result, stepsOf(field), 0, size)
  return result as StructValue
}

function stepsOf(path: string): readonly string[] {
  const steps = path.split('.')
  if (steps.length > MAX_PATH_STEPS) throw new RangeError('a path deeper than documents can be')
  return steps
}

function setAt(
  container: ColumnValue | undefined,
  path: readonly string[],
  at: number,
  value: ColumnValue,
): ColumnValue {
  if (at === path.length) return value
  const name = path[at]!
  const index = Array.isArray(container) ? arrayIndex(name) : undefined
  if (index !== undefined) {
    const list = [...(container as readonly ColumnValue[])]
    if (index >= MAX_ARRAY_LENGTH)
      throw new RangeError(`element ${index} is behind the longest array`)
    while (list.length < index) list.push(null)
    list[index] = setAt(list[index], path, at + 1, value)
    return list
  }
  const copy = copyStruct(container)
  copy[name] = setAt(copy[name], path, at + 1, value)
  return copy
}

function removeAt(container: ColumnValue, path: readonly string[], at: number): ColumnValue {
  const name = path[at]!
  const last = at === path.length - 1
  const index = Array.isArray(container) ? arrayIndex(name) : undefined
  if (index !== undefined) {
    const list = [...(container as readonly ColumnValue[])]
    if (index >= list.length) return container
    // MongoDB leaves a null where an element is unset.
    list[index] = last ? null : removeAt(list[index]!, path, at + 1)
    return list
  }
  if (!isStruct(container) || !Object.hasOwn(container, name)) return container
  const copy = copyStruct(container)
  if (last) delete copy[name]
  else copy[name] = removeAt(copy[name]!, path, at + 1)
  return copy
}

function cutAt(
  container: ColumnValue,
  path: readonly string[],
  at: number,
  size: number,
): ColumnValue {
  if (at === path.length)
    return Array.isArray(container)
      ? (container as readonly ColumnValue[]).slice(0, size)
      : container
  const name = path[at]!
  const index = Array.isArray(container) ? arrayIndex(name) : undefined
  if (index !== undefined) {
    const list = [...(container as readonly ColumnValue[])]
    if (index < list.length) list[index] = cutAt(list[index]!, path, at + 1, size)
    return list
  }
  if (!isStruct(container) || !Object.hasOwn(container, name)) return container
  const copy = copyStruct(container)
  copy[name] = cutAt(copy[name]!, path, at + 1, size)
  return copy
}

function arrayIndex(name: string): number | undefined {
  return /^(?:0|[1-9]\d{0,9})$/.test(name) ? Number(name) : undefined
}

/** A copy without prototype; of anything but a struct an empty one. */
function copyStruct(value: ColumnValue | undefined): Document {
  const copy = createStruct()
  if (value !== undefined && isStruct(value))
    for (const [name, member] of Object.entries(value)) copy[name] = member
  return copy
}
