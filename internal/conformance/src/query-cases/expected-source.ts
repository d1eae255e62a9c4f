import type { DataSource } from '@varve/sql'

import { isArray, JsonNumber, JsonObject, type Json } from '../json/json-value.ts'
import { columnsOfSource, columnsOfText, columnsDifference } from './column-list.ts'

/** Why no source is what an entry of `post.sources` describes; `undefined` when one is. */
export function sourceDifference(
  expected: JsonObject,
  sources: ReadonlyMap<string, DataSource>,
): string | undefined {
  const name = String(expected.get('name'))
  const source = sources.get(name)
  if (source === undefined) return `there is no source "${name}"`
  const type = String(expected.get('type')).toUpperCase()
  if (source.kind !== type) return `"${name}" is a ${source.kind}, expected a ${type}`
  return (
    schemaDifference(expected.get('schema'), source) ??
    keyFormatDifference(expected.get('keyFormat'), source) ??
    formatDifference('value', expected.get('valueFormat'), source) ??
    featuresDifference('key', expected.get('keyFeatures'), source) ??
    featuresDifference('value', expected.get('valueFeatures'), source) ??
    isSourceDifference(expected.get('isSource'), source)
  )
}

function schemaDifference(expected: Json | undefined, source: DataSource): string | undefined {
  if (typeof expected !== 'string') return undefined
  const difference = columnsDifference(columnsOfText(expected), columnsOfSource(source))
  return difference && `schema of "${source.name}": ${difference}`
}

/** The window counts even where nothing is said of it: absent means not windowed. */
function keyFormatDifference(expected: Json | undefined, source: DataSource): string | undefined {
  if (!(expected instanceof JsonObject)) return undefined
  const windowType = expected.get('windowType') ?? null
  const windowSize = expected.get('windowSize')
  const actual = windowText(source)
  const wanted =
    windowType === null
      ? 'none'
      : `${String(windowType)}${windowSize instanceof JsonNumber ? ` ${windowSize.text}` : ''}`
  if (actual !== wanted) return `window of "${source.name}": expected ${wanted}, got ${actual}`
  return formatDifference('key', expected.get('format'), source)
}

function windowText({ window }: DataSource): string {
  if (window === undefined) return 'none'
  return window.type === 'SESSION' ? 'SESSION' : `${window.type} ${window.sizeMs}`
}

function formatDifference(
  side: 'key' | 'value',
  expected: Json | undefined,
  source: DataSource,
): string | undefined {
  if (typeof expected !== 'string') return undefined
  const { format } = side === 'key' ? source.keyFormat : source.valueFormat
  return format === expected.toUpperCase()
    ? undefined
    : `${side} format of "${source.name}": expected ${expected}, got ${format}`
}

function featuresDifference(
  side: 'key' | 'value',
  expected: Json | undefined,
  source: DataSource,
): string | undefined {
  if (!isArray(expected)) return undefined
  const wanted = expected.map(String).toSorted().join(', ')
  const actual = featuresOf(side, source).join(', ')
  return wanted === actual
    ? undefined
    : `${side} features of "${source.name}": expected [${wanted}], got [${actual}]`
}

const bareOrWrapped: readonly string[] = ['JSON', 'JSON_SR', 'AVRO', 'PROTOBUF_NOSR']

/** Features in ksqlDB's words: whether a single column stands bare. Keys do wherever their format leaves the choice. */
export function featuresOf(side: 'key' | 'value', source: DataSource): readonly string[] {
  const format = side === 'key' ? source.keyFormat : source.valueFormat
  const columns = side === 'key' ? source.keyColumns : source.valueColumns
  const choice = columns.length === 1 && bareOrWrapped.includes(format.format)
  const wrap = format.wrap ?? (side === 'key' && choice ? false : undefined)
  if (wrap === undefined) return []
  return [wrap ? 'WRAP_SINGLES' : 'UNWRAP_SINGLES']
}

function isSourceDifference(expected: Json | undefined, source: DataSource): string | undefined {
  return typeof expected !== 'boolean' || expected === source.isSource
    ? undefined
    : `isSource of "${source.name}": expected ${expected}, got ${source.isSource}`
}
