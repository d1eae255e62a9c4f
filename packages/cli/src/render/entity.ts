import { formatTable, type TableLayout } from './table.ts'

/** One element of a `/ksql` answer: `@type` tells which of the server's result entities it is. */
export type Entity = Readonly<Record<string, unknown>>

/** A field of a source as the server describes it. */
interface FieldInfo {
  readonly name: string
  readonly type?: string
  readonly headerKey?: string
  readonly schema: SchemaInfo
}

interface SchemaInfo {
  readonly type: string
  readonly fields?: readonly FieldInfo[] | null
  readonly memberSchema?: SchemaInfo | null
  readonly parameters?: Readonly<Record<string, unknown>>
}

interface RunningQuery {
  readonly id: string
  readonly state?: string
  readonly queryString: string
}

type Renderer = (entity: Entity, layout: TableLayout) => string

const renderers: Readonly<Record<string, Renderer>> = {
  currentStatus: (e) => messageTable(text((e['commandStatus'] as Entity | undefined)?.['message'])),
  warning_entity: (e) => messageTable(text(e['message'])),
  streams: (e, layout) => sources('Stream Name', list(e['streams']), layout),
  tables: (e, layout) => sources('Table Name', list(e['tables']), layout),
  queries: (e, layout) =>
    formatTable(
      ['Query ID', 'Query Type', 'Status', 'Sink Name', 'Sink Kafka Topic', 'Query String'],
      list(e['queries']).map((q) => [
        text(q['id']),
        text(q['queryType']),
        statusCount(q['statusCount']),
        strings(q['sinks']).join(','),
        strings(q['sinkKafkaTopics']).join(','),
        text(q['queryString']).replace(/\s+/g, ' '),
      ]),
      layout,
    ),
  kafka_topics: (e, layout) => topics(e, layout, false),
  kafka_topics_extended: (e, layout) => topics(e, layout, true),
  function_names: (e, layout) =>
    formatTable(
      ['Function Name', 'Category'],
      list(e['functions']).map((f) => [text(f['name']), text(f['category'])]),
      layout,
    ),
  properties: (e, layout) =>
    formatTable(
      ['Property', 'Scope', 'Default override', 'Effective Value'],
      list(e['properties']).map((p) => [
        text(p['name']),
        text(p['scope']),
        strings(e['overwrittenProperties']).includes(text(p['name'])) ? 'SESSION' : '',
        text(p['value']),
      ]),
      layout,
    ),
  type_list: (e, layout) =>
    formatTable(
      ['Type Name', 'Schema'],
      Object.entries((e['types'] ?? {}) as Record<string, SchemaInfo>).map(([name, schema]) => [
        name,
        schemaText(schema),
      ]),
      layout,
    ),
  variables: (e, layout) =>
    formatTable(
      ['Variable Name', 'Value'],
      list(e['variables']).map((v) => [text(v['name']), text(v['value'])]),
      layout,
    ),
  sourceDescription: (e, layout) => sourceDescription(e['sourceDescription'] as Entity, layout),
  source_descriptions: (e, layout) =>
    list(e['sourceDescriptions'])
      .map((d) => sourceDescription(d, layout))
      .join('\n\n'),
  queryDescription: (e, layout) => queryDescription(e['queryDescription'] as Entity, layout),
  query_descriptions: (e, layout) =>
    list(e['queryDescriptions'])
      .map((d) => queryDescription(d, layout))
      .join('\n\n'),
  describe_function: describeFunction,
  terminate_query: (e) =>
    messageTable(e['wasTerminated'] === true ? 'Query terminated.' : 'Query was not running.'),
}

/** An entity as a shell user reads it; entities without a form of their own are shown as JSON. */
export function formatEntity(entity: Entity, layout: TableLayout): string {
  const render = renderers[text(entity['@type'])]
  const body = render === undefined ? JSON.stringify(entity, null, 2) : render(entity, layout)
  const warnings = list(entity['warnings']).map((w) => `WARNING: ${text(w['message'])}`)
  return [...warnings, body].join('\n')
}

function messageTable(message: string): string {
  const rule = '-'.repeat(Math.max(...message.split('\n').map((l) => l.length), 7) + 2)
  return [' Message', rule, ...message.split('\n').map((l) => ` ${l}`), rule].join('\n')
}

function sources(title: string, entries: readonly Entity[], layout: TableLayout): string {
  return formatTable(
    [title, 'Kafka Topic', 'Key Format', 'Value Format', 'Windowed'],
    entries.map((s) => [
      text(s['name']),
      text(s['topic']),
      text(s['keyFormat']),
      text(s['valueFormat']),
      text(s['isWindowed']),
    ]),
    layout,
  )
}

function topics(entity: Entity, layout: TableLayout, extended: boolean): string {
  return formatTable(
    [
      'Kafka Topic',
      'Partitions',
      'Partition Replicas',
      ...(extended ? ['Consumers', 'ConsumerGroups'] : []),
    ],
    list(entity['topics']).map((t) => {
      const replicas = t['replicaInfo'] as readonly number[]
      const same = replicas.every((r) => r === replicas[0])
      return [
        text(t['name']),
        String(replicas.length),
        same ? text(replicas[0]) : replicas.join(', '),
        ...(extended ? [text(t['consumerCount']), text(t['consumerGroupCount'])] : []),
      ]
    }),
    layout,
  )
}

function sourceDescription(d: Entity, layout: TableLayout): string {
  const extended = d['extended'] === true
  const isTable = d['type'] === 'TABLE'
  const windowType = text(d['windowType'])
  const fields = formatTable(
    ['Field', 'Type'],
    fieldInfos(d['fields']).map((f) => [
      f.name,
      schemaText(f.schema) + fieldMark(f, isTable, windowType),
    ]),
    layout,
  )
  const name = `Name                 : ${text(d['name'])}`
  if (!extended) {
    return [
      name,
      fields,
      `For runtime statistics and query details run: DESCRIBE ${text(d['name'])} EXTENDED;`,
    ].join('\n')
  }
  const label = (key: string, value: string): string => `${key.padEnd(20)} : ${value}`
  const queries = (title: string, key: string): string[] => {
    const running = (d[key] ?? []) as readonly RunningQuery[]
    if (running.length === 0) return []
    return [
      '',
      title,
      '-'.repeat(title.length),
      ...running.map((q) => `${q.id} (${q.state ?? ''}) : ${q.queryString}`),
    ]
  }
  return [
    name,
    label('Type', text(d['type'])),
    label(
      'Timestamp field',
      text(d['timestamp']) === '' ? 'Not set - using <ROWTIME>' : text(d['timestamp']),
    ),
    label('Key format', text(d['keyFormat'])),
    label('Value format', text(d['valueFormat'])),
    label(
      'Kafka topic',
      `${text(d['topic'])} (partitions: ${text(d['partitions'])}, replication: ${text(d['replication'])})`,
    ),
    label('Statement', text(d['statement'])),
    '',
    fields,
    ...queries('Queries that read from this ' + text(d['type']), 'readQueries'),
    ...queries('Queries that write from this ' + text(d['type']), 'writeQueries'),
    ...(strings(d['sourceConstraints']).length === 0
      ? []
      : [
          '',
          'Sources that have a DROP constraint on this source',
          ...strings(d['sourceConstraints']),
        ]),
  ].join('\n')
}

function queryDescription(d: Entity, layout: TableLayout): string {
  const label = (key: string, value: string): string => `${key.padEnd(20)} : ${value}`
  const section = (title: string, body: string): string[] =>
    body === '' ? [] : ['', title, '-'.repeat(title.length), body]
  const status = Object.entries((d['ksqlHostQueryStatus'] ?? {}) as Record<string, string>)
  return [
    ...(text(d['id']) === '' ? [] : [label('ID', text(d['id']))]),
    label('Query Type', text(d['queryType'])),
    label('SQL', text(d['statementText'])),
    ...(status.length === 0
      ? []
      : [label('Host Query Status', status.map(([h, s]) => `${h}:${s}`).join(', '))]),
    '',
    formatTable(
      ['Field', 'Type'],
      fieldInfos(d['fields']).map((f) => [f.name, schemaText(f.schema) + fieldMark(f, false, '')]),
      layout,
    ),
    ...section('Sources that this query reads from:', strings(d['sources']).join('\n')),
    ...section('Sinks that this query writes to:', strings(d['sinks']).join('\n')),
    ...section('Execution plan', text(d['executionPlan'])),
    ...section('Processing topology', text(d['topology'])),
    ...section(
      'Overridden Properties',
      Object.entries((d['overriddenProperties'] ?? {}) as Record<string, unknown>)
        .map(([k, v]) => `${k} = ${text(v)}`)
        .join('\n'),
    ),
    ...section(
      'Query errors',
      list(d['queryErrors'])
        .map(
          (e) =>
            `${new Date(Number(e['timestamp'])).toISOString()} ${text(e['type'])} ${text(e['errorMessage'])}`,
        )
        .join('\n'),
    ),
  ].join('\n')
}

function describeFunction(e: Entity): string {
  const head = [
    `Name        : ${text(e['name'])}`,
    ...(text(e['author']) === '' ? [] : [`Author      : ${text(e['author'])}`]),
    ...(text(e['description']) === '' ? [] : [`Overview    : ${text(e['description'])}`]),
    `Type        : ${text(e['type'])}`,
    'Variations  :',
  ]
  const variations = list(e['functions']).flatMap((f) => {
    const args = list(f['arguments'])
    const signature = args.map(
      (a) => `${text(a['name'])} ${text(a['type'])}${a['isVariadic'] === true ? '[]' : ''}`,
    )
    return [
      '',
      `    Variation   : ${text(e['name'])}(${signature.join(', ')})`,
      `    Returns     : ${text(f['returnType'])}`,
      ...(text(f['description']) === '' ? [] : [`    Description : ${text(f['description'])}`]),
      ...args
        .filter((a) => text(a['description']) !== '')
        .map((a) => `    ${text(a['name']).padEnd(11)} : ${text(a['description'])}`),
    ]
  })
  return [...head, ...variations].join('\n')
}

function fieldMark(field: FieldInfo, isTable: boolean, windowType: string): string {
  if (field.type === 'HEADER')
    return field.headerKey === undefined ? ' (headers)' : ` (header('${field.headerKey}'))`
  if (field.type !== 'KEY') return ''
  const window = windowType === '' ? '' : ` (Window type: ${windowType})`
  return (isTable ? ' (primary key)' : ' (key)') + window
}

function schemaText(schema: SchemaInfo): string {
  switch (schema.type) {
    case 'STRING':
      return 'VARCHAR(STRING)'
    case 'DECIMAL':
      return `DECIMAL(${text(schema.parameters?.['precision'])}, ${text(schema.parameters?.['scale'])})`
    case 'ARRAY':
      return `ARRAY<${schemaText(schema.memberSchema!)}>`
    case 'MAP':
      return `MAP<STRING, ${schemaText(schema.memberSchema!)}>`
    case 'STRUCT':
      return `STRUCT<${(schema.fields ?? []).map((f) => `${f.name} ${schemaText(f.schema)}`).join(', ')}>`
    default:
      return schema.type
  }
}

function statusCount(value: unknown): string {
  return Object.entries((value ?? {}) as Record<string, number>)
    .map(([state, count]) => `${state}:${count}`)
    .join(', ')
}

function list(value: unknown): readonly Entity[] {
  return Array.isArray(value) ? (value as Entity[]) : []
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text) : []
}

function fieldInfos(value: unknown): readonly FieldInfo[] {
  return Array.isArray(value) ? (value as FieldInfo[]) : []
}

function text(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
