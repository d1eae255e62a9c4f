import { formatLosslessJson, type LosslessJson } from '@varve/serde'

import { parseDocument } from '../json/json-text.ts'
import type { ScalarFunction } from '../function.ts'

/** JSON_CONCAT: objects are merged, of equal members the last wins; else arrays are joined and anything else counts as an array of one. */
export const jsonConcat: ScalarFunction = {
  kind: 'scalar',
  name: 'JSON_CONCAT',
  category: 'JSON',
  description: 'Merges JSON objects, or joins JSON arrays.',
  overloads: [
    {
      parameters: [{ name: 'json', type: 'STRING...' }],
      returns: 'STRING',
      evaluate: (...texts: readonly string[]) => {
        const documents = texts.map(parseDocument)
        const present = documents.filter((document) => document !== undefined)
        return present.length === 0 || present.length < documents.length
          ? null
          : formatLosslessJson(join(present))
      },
    },
  ],
}

function join(documents: readonly LosslessJson[]): LosslessJson {
  const objects = documents.filter((document) => document instanceof Map)
  if (objects.length < documents.length) {
    return documents.flatMap((document): readonly LosslessJson[] =>
      Array.isArray(document) ? (document as readonly LosslessJson[]) : [document],
    )
  }
  return new Map(
    objects.flatMap((object): [string, LosslessJson][] => [
      ...(object as ReadonlyMap<string, LosslessJson>),
    ]),
  )
}
