import { InvalidOptionError, UnsupportedError } from '@varve/base'
import {
  hoppingWindows,
  sessionWindows,
  sessionWindowedSerde,
  slidingWindows,
  StreamsBuilder,
  timeWindowedSerde,
  tumblingWindows,
  type KStream,
  type KTable,
  type Materialized,
  type Serde,
  type Topology,
  type Windowed,
} from '@varve/streams'

import { aggregation } from './aggregation.ts'
import {
  at,
  numberAt,
  textAt,
  type CaseNode,
  type CaseValue,
  type Json,
  type JsonObject,
} from './case.ts'
import { jsonSerde, shownKeySerde, textSerde, type CaseKey } from './serdes.ts'

type Stream = KStream<CaseKey, CaseValue>
type Table = KTable<CaseKey, JsonObject>
type Row = JsonObject

const rowSerde = jsonSerde as Serde<Row>

function isTable(node: Stream | Table): node is Table {
  return 'toStream' in node
}

/** What a case's topology became. */
export interface ReadTopology {
  readonly topology: Topology
  readonly stores: ReadonlyMap<string, 'key-value' | 'windowed' | 'session'>
  readonly closingTopics: readonly string[]
}

/** Builds the topology of a case. */
export class TopologyReader {
  readonly #builder = new StreamsBuilder()
  readonly #nodes = new Map<string, Stream | Table>()
  readonly #keySerdes = new Map<string, Serde<CaseKey>>()
  readonly #stores = new Map<string, 'key-value' | 'windowed' | 'session'>()
  readonly #closing = new Set<string>()
  readonly #closingTopics = new Set<string>()
  readonly #storesInMemory: boolean
  #anonymousStores = 0

  /** @param storesInMemory The stores of Kafka Streams that are to be agreed with are those in memory. */
  constructor(storesInMemory: boolean) {
    this.#storesInMemory = storesInMemory
  }

  read(nodes: readonly CaseNode[]): ReadTopology {
    for (const node of nodes) {
      const sources = [node.from ?? [], node.left ?? [], node.right ?? []].flat()
      const outerJoin = node.op === 'join' && node.window !== undefined && node.type !== 'inner'
      if (
        node.op === 'suppress' ||
        node.emit === 'close' ||
        outerJoin ||
        sources.some((id) => this.#closing.has(id))
      ) {
        this.#closing.add(node.id)
      }
      const serde = this.#windowedKeySerde(node) ?? this.#keySerdes.get(sources[0] ?? '')
      if (serde !== undefined) this.#keySerdes.set(node.id, serde)
      const built = this.#build(node)
      if (built !== undefined) this.#nodes.set(node.id, built)
    }
    return {
      topology: this.#builder.build(),
      stores: this.#stores,
      closingTopics: [...this.#closingTopics],
    }
  }

  #build(node: CaseNode): Stream | Table | undefined {
    const source = { keySerde: textSerde, valueSerde: jsonSerde }
    switch (node.op) {
      case 'stream':
        return this.#builder.stream(node.topic!, source)
      case 'table':
        return this.#builder.table(
          node.topic!,
          source,
          node.store === undefined ? undefined : this.#materialized<Row>(node, rowSerde),
        ) as Table
      case 'merge':
        return (node.from as readonly string[])
          .map((id) => this.#node(id) as Stream)
          .reduce((a, b) => a.merge(b))
      case 'join':
        return this.#join(node)
      case 'aggregate':
        return this.#aggregate(node)
      case 'to':
        this.#to(node)
        return undefined
      default:
        return this.#operator(node)
    }
  }

  #operator(node: CaseNode): Stream | Table {
    const from = this.#node(node.from as string)
    const options =
      node.store === undefined ? {} : { materialized: this.#materialized(node, rowSerde) }
    switch (node.op) {
      case 'filter':
      case 'filterNot': {
        const where = condition(node.where!)
        const test = (_key: CaseKey, value: CaseValue): boolean =>
          where(value) === (node.op === 'filter')
        return isTable(from) ? from.filter(test, options) : from.filter(test)
      }
      case 'mapValues': {
        const map = arithmetic(node)
        return isTable(from)
          ? from.mapValues((value) => map(value) as Row, options)
          : from.mapValues(map)
      }
      case 'flatMapValues':
        return (from as Stream).flatMapValues((value) =>
          elements(value, node.field!, node.as ?? 'v'),
        )
      case 'selectKey':
        return (from as Stream).selectKey<CaseKey>((_key, value) => textAt(value, node.field!))
      case 'toTable':
        return (from as Stream).toTable(
          node.store === undefined ? undefined : this.#materialized(node, jsonSerde),
          { keySerde: this.#keySerde(node.id), valueSerde: jsonSerde },
        ) as Table
      case 'toStream':
        return (from as Table).toStream()
      case 'suppress':
        return (from as Table).suppressUntilWindowCloses({
          store: `suppress-${this.#anonymousStores++}`,
          keySerde: this.#keySerde(node.id),
          valueSerde: rowSerde,
        })
      default:
        throw new UnsupportedError(`operator "${node.op}"`)
    }
  }

  #aggregate(node: CaseNode): Table {
    const from = this.#node(node.from as string)
    const fn = aggregation(node.fn!, node.field ?? 'v')
    const { groupBy, window } = node
    const materialized = this.#materialized<Row>(node, rowSerde)
    const add = (_key: CaseKey, value: CaseValue, aggregate: Row): Row => fn.add(aggregate, value)
    const subtract = (_key: CaseKey, value: Row, aggregate: Row): Row =>
      fn.subtract(aggregate, value)
    const keySerde = groupBy === undefined ? this.#keySerde(node.from as string) : textSerde
    const serdes = { keySerde, valueSerde: jsonSerde }
    if (isTable(from)) {
      return from
        .groupBy<CaseKey, Row>(
          (key, value) => [groupBy === undefined ? key : textAt(value, groupBy), value],
          { keySerde, valueSerde: rowSerde },
        )
        .aggregate(fn.initial, add, subtract, materialized)
    }
    const grouped =
      groupBy === undefined
        ? from.groupByKey(serdes)
        : from.groupBy<CaseKey>((_key, value) => textAt(value, groupBy), serdes)
    const reduced = materialized as unknown as Materialized<CaseKey, CaseValue>
    if (window === undefined) {
      return fn.reduces
        ? (grouped.reduce(fn.reduce, reduced) as Table)
        : grouped.aggregate(fn.initial, add, materialized)
    }
    const emit = node.emit ?? 'changes'
    const graceMs = window.graceMs ?? 0
    if (window.type === 'session') {
      const sessions = grouped
        .windowedBySession(sessionWindows({ gapMs: window.gapMs!, graceMs }))
        .emitStrategy(emit)
      return (fn.reduces
        ? sessions.reduce(fn.reduce, reduced)
        : sessions.aggregate(
            fn.initial,
            add,
            (_key, a, b) => fn.merge(a, b),
            materialized,
          )) as unknown as Table
    }
    const windows =
      window.type === 'sliding'
        ? slidingWindows({ differenceMs: window.differenceMs!, graceMs })
        : window.type === 'hopping'
          ? hoppingWindows({ sizeMs: window.sizeMs!, advanceMs: window.advanceMs!, graceMs })
          : tumblingWindows({ sizeMs: window.sizeMs!, graceMs })
    const windowed = grouped.windowedBy(windows).emitStrategy(emit)
    return (fn.reduces
      ? windowed.reduce(fn.reduce, reduced)
      : windowed.aggregate(fn.initial, add, materialized)) as unknown as Table
  }

  #join(node: CaseNode): Stream | Table {
    const left = this.#node(node.left!)
    const right = this.#node(node.right!)
    const pair = (l: CaseValue, r: CaseValue): CaseValue => ({ l, r })
    const rowPair = (l: CaseValue, r: CaseValue): Row => ({ l, r })
    const keySerde = this.#keySerde(node.left!)
    if (node.foreignKey !== undefined) {
      const field = node.foreignKey
      return (left as Table).joinForeignKey<CaseKey, Row, Row>(
        right as Table,
        (value) => textAt(value, field),
        rowPair,
        {
          type: node.type === 'left' ? 'left' : 'inner',
          keySerde,
          valueSerde: rowSerde,
          foreignKeySerde: this.#keySerde(node.right!),
          foreignValueSerde: rowSerde,
          resultSerde: rowSerde,
          ...(node.store === undefined ? {} : { materialized: this.#materialized(node, rowSerde) }),
        },
      )
    }
    if (!isTable(left) && !isTable(right)) {
      const window = node.window!
      return left.joinStream<CaseValue, CaseValue>(right as Stream, pair, {
        type: node.type!,
        windows: {
          beforeMs: window.beforeMs ?? 0,
          afterMs: window.afterMs ?? 0,
          graceMs: window.graceMs ?? (node.eager === true ? eagerGraceMs(window) : 0),
        },
        eager: node.eager === true,
        nullValuesAge: this.#storesInMemory,
        keySerde,
        leftSerde: jsonSerde,
        rightSerde: jsonSerde,
      })
    }
    if (!isTable(left)) {
      const joined = {
        keySerde,
        valueSerde: jsonSerde,
        ...(node.graceMs === undefined ? {} : { graceMs: node.graceMs }),
      }
      return node.type === 'inner'
        ? left.join(right as Table, pair, joined)
        : left.leftJoin(right as Table, pair, joined)
    }
    const options =
      node.store === undefined ? {} : { materialized: this.#materialized(node, rowSerde) }
    switch (node.type) {
      case 'inner':
        return left.join(right as Table, rowPair, options)
      case 'left':
        return left.leftJoin(right as Table, rowPair, options)
      default:
        return left.outerJoin(right as Table, rowPair, options)
    }
  }

  #to(node: CaseNode): void {
    const from = this.#node(node.from as string)
    if (this.#closing.has(node.from as string)) this.#closingTopics.add(node.topic!)
    const stream: Stream = isTable(from) ? from.toStream() : from
    stream.to(node.topic!, { keySerde: shownKeySerde, valueSerde: jsonSerde })
  }

  #materialized<V>(node: CaseNode, valueSerde: Serde<V>): Materialized<CaseKey, V> {
    const kind =
      node.window === undefined || node.op !== 'aggregate'
        ? 'key-value'
        : node.window.type === 'session'
          ? 'session'
          : 'windowed'
    if (node.store !== undefined) this.#stores.set(node.store, kind)
    return {
      store: node.store ?? `anonymous-${this.#anonymousStores++}`,
      valueSerde,
      ...(kind === 'key-value' ? { keySerde: this.#storeKeySerde(node) } : { keySerde: textSerde }),
      ...(node.window?.retentionMs === undefined ? {} : { retentionMs: node.window.retentionMs }),
      ...(node.versionedMs === undefined ? {} : { historyMs: node.versionedMs }),
      ...(this.#storesInMemory ? { closedWindows: 'exact' } : {}),
    }
  }

  #storeKeySerde(node: CaseNode): Serde<CaseKey> {
    if (node.op === 'aggregate' && node.groupBy !== undefined) return textSerde
    return this.#keySerde((node.from as string | undefined) ?? node.left ?? '')
  }

  #windowedKeySerde(node: CaseNode): Serde<CaseKey> | undefined {
    if (
      node.op === 'selectKey' ||
      (node.op === 'aggregate' && node.groupBy !== undefined && node.window === undefined)
    ) {
      return textSerde
    }
    if (node.op !== 'aggregate' || node.window === undefined) return undefined
    const text = textSerde as Serde<string>
    const serde: Serde<Windowed<string>> =
      node.window.type === 'session'
        ? sessionWindowedSerde(text)
        : timeWindowedSerde(text, node.window.sizeMs ?? node.window.differenceMs!)
    return serde as Serde<CaseKey>
  }

  #keySerde(id: string): Serde<CaseKey> {
    return this.#keySerdes.get(id) ?? textSerde
  }

  #node(id: string): Stream | Table {
    const found = this.#nodes.get(id)
    if (found === undefined) throw new InvalidOptionError('from', `no node "${id}" before this one`)
    return found
  }
}

const dayMs = 86_400_000

/** Grace of the windows without one: a day, less the window itself. */
function eagerGraceMs(window: NonNullable<CaseNode['window']>): number {
  return Math.max(0, dayMs - (window.beforeMs ?? 0) - (window.afterMs ?? 0))
}

function condition(where: NonNullable<CaseNode['where']>): (value: CaseValue) => boolean {
  return (value) => {
    const found = at(value, where.field)
    if (found === undefined || found === null) return false
    const number = numberAt(value, where.field)
    switch (where.cmp) {
      case '>':
        return number > where.value
      case '<':
        return number < where.value
      case '=':
        return number === where.value
      case '!=':
        return number !== where.value
      default:
        throw new InvalidOptionError('cmp', `there is no comparison "${where.cmp}"`)
    }
  }
}

function arithmetic(node: CaseNode): (value: CaseValue) => CaseValue {
  const field = node.field!
  const by = node.by ?? 0
  return (value) => {
    if (value === null) return null
    const before = numberAt(value, field)
    switch (node.fn) {
      case 'nullIf':
        return before === by ? null : value
      case 'add':
        return { ...value, [field]: before + by }
      case 'mul':
        return { ...value, [field]: before * by }
      case 'mod':
        return { ...value, [field]: ((before % by) + by) % by }
      default:
        throw new InvalidOptionError('fn', `there is no function "${String(node.fn)}"`)
    }
  }
}

function elements(value: CaseValue, field: string, as: string): CaseValue[] {
  const list = at(value, field)
  if (!Array.isArray(list)) return []
  return (list as readonly Json[]).map((element) => ({ ...value, [as]: element }))
}
