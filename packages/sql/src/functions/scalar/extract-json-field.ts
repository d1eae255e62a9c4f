import {
  formatLosslessJson,
  JsonNumber,
  parseLosslessJson,
  type LosslessJson,
  type Value,
} from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** EXTRACTJSONFIELD: texts without quotes, anything else as JSON; a missing place gives null. */
export const extractJsonField: ScalarFunction = {
  kind: 'scalar',
  name: 'EXTRACTJSONFIELD',
  category: 'JSON',
  description: 'What stands at a path such as $.a.b[0] in a JSON text.',
  overloads: [
    {
      parameters: [
        { name: 'json', type: 'STRING' },
        { name: 'path', type: 'STRING' },
      ],
      returns: 'STRING',
      evaluate: (json: string, path: string): Value => extract(parseLosslessJson(json), path),
    },
  ],
}

function extract(document: LosslessJson, path: string): string | null {
  let node: LosslessJson | undefined = document
  for (const step of stepsOf(path)) {
    if (typeof step === 'number')
      node = Array.isArray(node) ? (node as readonly LosslessJson[])[step] : undefined
    else
      node = node instanceof Map ? (node as ReadonlyMap<string, LosslessJson>).get(step) : undefined
  }
  if (node === undefined || node === null) return null
  if (typeof node === 'string') return node
  return node instanceof JsonNumber ? node.text : formatLosslessJson(node)
}

/** Members as texts, indexes as numbers: `.member`, `["member"]`, `[0]`. @throws RangeError for a text that is no path */
function stepsOf(path: string): (string | number)[] {
  if (!/^\$(?:\.[^.[\]*]+|\[\d{1,9}\]|\["(?:[^"\\]|\\["\\])*"\])*$/.test(path))
    throw new RangeError(`"${path}" is no JSON path`)
  const steps = path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\["((?:[^"\\]|\\["\\])*)"\]/g)
  return Array.from(steps, ([, member, index, quoted]) =>
    index === undefined ? (member ?? quoted!.replaceAll(/\\(.)/g, '$1')) : Number(index),
  )
}
