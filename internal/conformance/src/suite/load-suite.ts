import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { isArray, JsonNumber, JsonObject, type Json } from '../json/json-value.ts'
import { parseJson } from '../json/parse-json.ts'
import type { SuiteCase } from './case.ts'
import { readCase } from './read-case.ts'
import { readIndex, type IndexFacts } from './suite-index.ts'

/** What to run of a suite. */
export interface Selection {
  readonly suite: 'qtt' | 'rqtt' | undefined
  /** Name of a file, with or without `.json`. */
  readonly file: string | undefined
  /** Part of a case's name. */
  readonly name: string | undefined
}

/** The cases of a folder laid out as `conformance/`, expanded over formats and configurations. */
export function loadSuite(directory: string, selection: Selection): SuiteCase[] {
  const index = readIndex(join(directory, 'index.json'))
  const cases: SuiteCase[] = []
  for (const suite of ['qtt', 'rqtt'] as const) {
    if (selection.suite !== undefined && selection.suite !== suite) continue
    const folder = join(directory, suite)
    if (!existsSync(folder)) continue
    for (const file of readdirSync(folder).toSorted()) {
      if (!file.endsWith('.json') || !isSelected(file, selection.file)) continue
      const recorded = recordedSources(join(directory, `${suite}-sources`, file))
      for (const source of testsOf(join(folder, file))) {
        for (const testCase of expandCase(suite, file, source, index, recorded)) {
          if (selection.name === undefined || testCase.id.includes(selection.name)) {
            cases.push(testCase)
          }
        }
      }
    }
  }
  return cases
}

/** The runs of one case; none when the original never runs it. */
export function expandCase(
  suite: 'qtt' | 'rqtt',
  file: string,
  source: JsonObject,
  index: ReadonlyMap<string, IndexFacts>,
  recorded: JsonObject | undefined,
): SuiteCase[] {
  if (source.get('enabled') === false) return []
  return expand(source).map((expansion) => {
    const facts = index.get(`${suite}/${file}#${expansion.name}`)
    const sources = recorded?.get(expansion.name)
    return readCase(
      suite,
      file,
      expansion,
      facts,
      sources instanceof JsonObject ? sources : undefined,
    )
  })
}

/** What was recorded of the sources of a file's cases, by name of the expanded case. */
function recordedSources(path: string): JsonObject | undefined {
  if (!existsSync(path)) return undefined
  const root = parseJson(readFileSync(path, 'utf8'))
  return root instanceof JsonObject ? root : undefined
}

function isSelected(file: string, wanted: string | undefined): boolean {
  return wanted === undefined || file === wanted || file === `${wanted}.json`
}

function testsOf(path: string): readonly JsonObject[] {
  const root = parseJson(readFileSync(path, 'utf8'))
  const tests = root instanceof JsonObject ? root.get('tests') : undefined
  if (!isArray(tests)) throw new Error(`"${path}" has no list of tests`)
  return tests.filter((test) => test instanceof JsonObject)
}

/** One run of a case. */
export interface Expansion {
  readonly source: JsonObject
  readonly name: string
  readonly format: string | undefined
  readonly config: { readonly property: string; readonly value: string } | undefined
}

/** Formats × values of the property that stands for a list of them. */
function expand(source: JsonObject): Expansion[] {
  const name = source.get('name') as string
  const formats = texts(source.get('format'))
  const configs = texts(source.get('config'))
  const property = configProperty(source.get('properties'))
  const expansions: Expansion[] = []
  for (const format of formats.length === 0 ? [undefined] : formats) {
    const formatted = format === undefined ? name : `${name} - ${format}`
    if (configs.length === 0 || property === undefined) {
      expansions.push({ source, name: formatted, format, config: undefined })
      continue
    }
    for (const value of configs) {
      expansions.push({
        source,
        name: `${formatted} - ${property}=${value}`,
        format,
        config: { property, value },
      })
    }
  }
  return expansions
}

function texts(json: Json | undefined): string[] {
  if (!isArray(json)) return []
  return json.map((item) => (item instanceof JsonNumber ? item.text : String(item)))
}

function configProperty(properties: Json | undefined): string | undefined {
  if (!(properties instanceof JsonObject)) return undefined
  for (const [name, value] of properties.members) if (value === '{CONFIG}') return name
  return undefined
}
