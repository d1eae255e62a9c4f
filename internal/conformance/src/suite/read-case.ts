import type { RecordWindow } from '../compare/actual.ts'
import { formatJson, isArray, JsonNumber, JsonObject, type Json } from '../json/json-value.ts'
import type {
  CaseHeader,
  CaseRecord,
  CaseSchema,
  CaseTopic,
  ExpectedException,
  SuiteCase,
} from './case.ts'
import type { Expansion } from './load-suite.ts'
import type { IndexFacts } from './suite-index.ts'

/** Reads the members of a case that a runner needs; unknown members are ignored. */
export function readCase(
  suite: 'qtt' | 'rqtt',
  file: string,
  expansion: Expansion,
  facts: IndexFacts | undefined,
  recorded: JsonObject | undefined,
): SuiteCase {
  const { source, format, config } = expansion
  const outputs = source.get('outputs')
  return {
    suite,
    file,
    name: expansion.name,
    id: `${suite}/${file}#${expansion.name}`,
    statements: list(source.get('statements')).map((statement) => {
      const text = String(statement)
      return format === undefined ? text : text.replaceAll('{FORMAT}', format)
    }),
    properties: readProperties(source.get('properties'), config),
    topics: objects(source.get('topics')).map(readTopic),
    inputs: objects(source.get('inputs')).map(readRecord),
    outputs: isArray(outputs) ? objects(outputs).map(readRecord) : undefined,
    expectedException: readException(source.get('expectedException')),
    source,
    recordedSources: recorded && objects(recorded.get('sources')),
    inScope: facts?.inScope ?? true,
    tags: facts?.tags ?? [],
  }
}

function list(json: Json | undefined): readonly Json[] {
  return isArray(json) ? json : []
}

function objects(json: Json | undefined): JsonObject[] {
  return list(json).filter((item) => item instanceof JsonObject)
}

function text(json: Json | undefined): string | undefined {
  return typeof json === 'string' ? json : undefined
}

function integer(json: Json | undefined): bigint | undefined {
  return json instanceof JsonNumber ? BigInt(json.text) : undefined
}

function readProperties(
  json: Json | undefined,
  config: Expansion['config'],
): SuiteCase['properties'] {
  if (!(json instanceof JsonObject)) return {}
  return Object.fromEntries(
    Array.from(json.members, ([name, value]) => [
      name,
      name === config?.property
        ? config.value
        : value instanceof JsonNumber
          ? Number(value.text)
          : typeof value === 'boolean'
            ? value
            : String(value),
    ]),
  )
}

function readRecord(json: JsonObject): CaseRecord {
  return {
    topic: text(json.get('topic')) ?? '',
    key: json.get('key') ?? null,
    value: json.get('value') ?? null,
    timestamp: integer(json.get('timestamp')),
    window: readWindow(json.get('window')),
    headers: objects(json.get('headers')).map(readHeader),
  }
}

function readWindow(json: Json | undefined): RecordWindow | undefined {
  if (!(json instanceof JsonObject)) return undefined
  return {
    type: text(json.get('type'))?.toLowerCase() === 'session' ? 'session' : 'time',
    start: integer(json.get('start')) ?? 0n,
    end: integer(json.get('end')) ?? 0n,
  }
}

function readHeader(json: JsonObject): CaseHeader {
  return { key: text(json.get('KEY')) ?? '', value: text(json.get('VALUE')) ?? null }
}

function readTopic(json: JsonObject): CaseTopic {
  return {
    name: text(json.get('name')) ?? '',
    partitions: Number(integer(json.get('partitions')) ?? 1),
    replicas: Number(integer(json.get('replicas')) ?? 1),
    key: readSchema(json, 'key'),
    value: readSchema(json, 'value'),
  }
}

function readSchema(json: JsonObject, side: 'key' | 'value'): CaseSchema | undefined {
  const schema = json.get(`${side}Schema`)
  if (schema === undefined || schema === null) return undefined
  const format = (text(json.get(`${side}Format`)) ?? 'AVRO').toUpperCase()
  const id = integer(json.get(`${side}SchemaId`))
  return {
    format,
    text: schemaText(format, schema),
    id: id === undefined ? undefined : Number(id),
    references: objects(json.get(`${side}SchemaReferences`)).map((reference) => ({
      name: text(reference.get('name')) ?? '',
      text: schemaText(format, reference.get('schema') ?? null),
    })),
  }
}

/** Protobuf schemas are text, the others JSON values. */
function schemaText(format: string, schema: Json): string {
  return format.startsWith('PROTOBUF') && typeof schema === 'string' ? schema : formatJson(schema)
}

function readException(json: Json | undefined): ExpectedException | undefined {
  if (!(json instanceof JsonObject)) return undefined
  return {
    type: text(json.get('type')),
    message: text(json.get('message')),
    cause: text(json.get('cause')),
    causeMessage: text(json.get('causeMessage')),
  }
}
