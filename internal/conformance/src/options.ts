import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { messageOf } from '@varve/base'

import type { Selection } from './suite/load-suite.ts'

/** What the command line asks for. */
export interface Options {
  readonly directory: string
  readonly selection: Selection
  /** File for the results as JSON. */
  readonly json: string | undefined
  /** Compare with the list of known failures, in both directions, instead of asking for none. */
  readonly compareKnown: boolean
  /** Take passing cases off that list; write it when there is none. */
  readonly updateKnown: boolean
}

/** Thrown for a command line that makes no sense. */
export class UsageError extends Error {}

const usage =
  'usage: npm run conformance -- [--dir DIRECTORY] [--suite qtt|rqtt] [--file FILE] [--name PART] [--json OUT] [--compare-known] [--update-known]'

/** @throws UsageError */
export function readOptions(args: readonly string[]): Options {
  let values
  try {
    ;({ values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: 'string' },
        suite: { type: 'string' },
        file: { type: 'string' },
        name: { type: 'string' },
        json: { type: 'string' },
        'compare-known': { type: 'boolean', default: false },
        'update-known': { type: 'boolean', default: false },
      },
    }))
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n${usage}`)
  }
  const { suite } = values
  if (suite !== undefined && suite !== 'qtt' && suite !== 'rqtt') {
    throw new UsageError(`there is no suite "${suite}"\n${usage}`)
  }
  const directory = resolve(values.dir ?? defaultDirectory())
  if (!existsSync(join(directory, 'qtt')) && !existsSync(join(directory, 'rqtt'))) {
    throw new UsageError(`"${directory}" holds no cases: no folder qtt or rqtt\n${usage}`)
  }
  return {
    directory,
    selection: { suite, file: values.file, name: values.name },
    json: values.json,
    compareKnown: values['compare-known'],
    updateKnown: values['update-known'],
  }
}

/** The cases are not part of the repository: their licence is another one. */
function defaultDirectory(): string {
  const shared = process.env['VARVE_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared')
  return join(shared, 'conformance')
}
