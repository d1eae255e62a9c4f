import { isVarveError } from '@varve/base'
import {
  applyDocumentUpdate,
  ChangeDecodeError,
  ChangeDecoder,
  isStruct,
  parseExtendedJson,
  type Change,
  type ChangeDecoderOptions,
  type ChangeRecord,
} from '@varve/cdc-debezium'

import { caseBytes, type DebeziumCase } from './case-file.ts'
import { createCaseRegistry } from './case-registry.ts'
import { difference } from './compare.ts'
import { tagValue } from './tagged-value.ts'
import { describeChange, describeError } from './describe-change.ts'

/** Options of cases that the decoder knows under the same name. */
const SAME_NAME = [
  'columns',
  'connector',
  'keyColumns',
  'plainRows',
  'unavailableValuePlaceholder',
  'messageContentEncoding',
  'framing',
  'apicurioProtobufRef',
  'shape',
]

/** Why the case fails; undefined when it passes. */
export async function runCase(test: DebeziumCase): Promise<string | undefined> {
  try {
    const decoder = new ChangeDecoder({
      ...decoderOptions(test.options ?? {}),
      registry: createCaseRegistry(test.registry),
    })
    for (const [i, record] of test.records.entries()) {
      const found = await runRecord(decoder, toRecord(record), test.expected[i] ?? {})
      if (found !== undefined) return `record ${i}: ${found}`
    }
    return undefined
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

async function runRecord(
  decoder: ChangeDecoder,
  record: ChangeRecord,
  expected: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  try {
    await decoder.prepare(record)
    const change = decoder.decode(record)
    return difference({ ...describeChange(change), ...applied(change, expected) }, expected)
  } catch (error) {
    if (error instanceof ChangeDecodeError) {
      const found = difference(describeError(error), expected)
      return found === undefined ? undefined : `${found} (${error.message})`
    }
    if (isVarveError(error)) return `${error.name}: ${error.message}`
    throw error
  }
}

/** What the change makes of the stored document that the case gives. */
function applied(
  change: Change,
  expected: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const wanted = expected['appliedTo'] as { readonly from: unknown } | undefined
  const update = change.kind === 'row' ? change.document?.update : undefined
  if (wanted === undefined || update === undefined) return {}
  const stored = parseExtendedJson(JSON.stringify(wanted.from), 'appliedTo.from')
  if (!isStruct(stored)) throw new Error('the stored document is no object')
  return {
    appliedTo: { from: wanted.from, to: tagValue(applyDocumentUpdate(stored, update)) },
  }
}

/** The options of a case as the decoder takes them. */
export function decoderOptions(options: Readonly<Record<string, unknown>>): ChangeDecoderOptions {
  const known: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (name === 'noPlaceholder') {
      if (value === true) known['unavailableValuePlaceholder'] = false
    } else if (SAME_NAME.includes(name)) known[name] = value
    else throw new Error(`the decoder has no option "${name}"`)
  }
  return known as ChangeDecoderOptions
}

/** A record of a case. */
export function toRecord(record: DebeziumCase['records'][number]): ChangeRecord {
  return {
    topic: record.topic,
    key: caseBytes(record.key),
    value: caseBytes(record.value),
    headers: (record.headers ?? []).map((header) => ({
      key: header.key,
      value:
        header.hex === undefined
          ? new TextEncoder().encode(header.text ?? '')
          : new Uint8Array(Buffer.from(header.hex, 'hex')),
    })),
  }
}
