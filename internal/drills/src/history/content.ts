import { bytesOf, textOf } from './latin1.ts'

/** Merge operators that histories use. */
export type MergeName = 'none' | 'stringappend' | 'uint64add'

/** What is known of a family to model it. */
export interface FamilyModel {
  readonly reverse: boolean
  readonly merge: MergeName
}

/** Visible pairs of a family, as {@link textOf} strings; never changed, but replaced. */
export type Content = ReadonlyMap<string, string>

/** One entry of a batch. */
export type Change =
  | { readonly kind: 'put' | 'merge'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete' | 'singleDelete'; readonly key: string }
  | { readonly kind: 'deleteRange'; readonly key: string; readonly end: string }

export const emptyContent: Content = new Map()

/** The content after the changes, in their order. */
export function changed(
  content: Content,
  family: FamilyModel,
  changes: readonly Change[],
): Content {
  const next = new Map(content)
  for (const change of changes) {
    switch (change.kind) {
      case 'put':
        next.set(change.key, change.value)
        break
      case 'delete':
      case 'singleDelete':
        next.delete(change.key)
        break
      case 'deleteRange': {
        const { key, end } = change
        for (const known of [...next.keys()]) {
          if (family.reverse ? known <= key && known > end : known >= key && known < end)
            next.delete(known)
        }
        break
      }
      case 'merge':
        next.set(change.key, merged(family.merge, next.get(change.key), change.value))
        break
    }
  }
  return next
}

function merged(operator: MergeName, base: string | undefined, operand: string): string {
  if (base === undefined) return operand
  if (operator === 'stringappend') return `${base},${operand}`
  const sum = BigInt.asUintN(64, uint64(base) + uint64(operand))
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, sum, true)
  return textOf(bytes)
}

function uint64(text: string): bigint {
  return new DataView(bytesOf(text).buffer).getBigUint64(0, true)
}

/** Keys in the family's order. */
export function sortedKeys(content: Content, { reverse }: FamilyModel): string[] {
  const keys = [...content.keys()].sort(byteOrder)
  return reverse ? keys.reverse() : keys
}

function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whether two families show the same. */
export function sameContent(a: Content, b: Content): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}

/** First difference in words, for a failure's message. */
export function differenceOf(actual: Content, expected: Content): string {
  for (const [key, value] of expected) {
    const found = actual.get(key)
    if (found !== value)
      return `key ${JSON.stringify(key)} is ${shown(found)}, expected ${shown(value)}`
  }
  for (const [key, value] of actual) {
    if (!expected.has(key)) return `key ${JSON.stringify(key)} is ${shown(value)}, expected nothing`
  }
  return 'no difference'
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'missing'
  return value.length <= 60
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, 60))}… (${value.length} bytes)`
}
