import { setTimeout as sleep } from 'node:timers/promises'
import { readFileSync } from 'node:fs'

import type { Engine } from '@varve/runtime'

/** Figures of one query over topics that were full before it started. */
export interface QueryRun {
  readonly records: number
  /** From the statement until the query's group has committed the end of its input, and of its repartition topics. */
  readonly seconds: number
  /** User and system time of the process in that span, all threads. */
  readonly cpuSeconds: number
  /** Highest resident size seen in that span. */
  readonly rssMiB: number
  /** The longest commit: for so long no record is processed. */
  readonly commitMsMax: number
  /** Bytes that the process wrote to files, per record; `undefined` where the system does not tell. */
  readonly bytesWrittenPerRecord: number | undefined
}

/** Runs the statement that makes a query, and waits until everything in `inputTopic` is processed and committed. */
export async function runQuery(
  engine: Engine,
  statement: string,
  inputTopic: string,
  properties: Readonly<Record<string, string | number>>,
): Promise<QueryRun> {
  const { kafka } = engine
  const description = await kafka.admin.describeTopic(inputTopic)
  if (description === undefined) throw new Error(`no topic ${inputTopic}`)
  const partitions = Array.from({ length: description.partitionCount }, (_, partition) => ({
    topic: inputTopic,
    partition,
  }))
  const ends = await kafka.admin.endOffsets(partitions)
  const records = ends.reduce((sum, { offset }) => sum + offset, 0)
  const known = new Set(engine.queries.map(({ id }) => id))
  let rss = 0
  const written = bytesWritten()
  const cpu = process.cpuUsage()
  const start = performance.now()
  await engine.execute(statement, {
    properties: { 'auto.offset.reset': 'earliest', ...properties },
  })
  const query = engine.queries.find(({ id }) => !known.has(id))
  if (query === undefined) throw new Error('the statement made no query')
  const group = await groupOf(engine, query.id, inputTopic)
  const turn = async (): Promise<void> => {
    const { state } = engine.queries.find(({ id }) => id === query.id)!
    if (state === 'ERROR') throw new Error(`the query failed: ${statement}`)
    await sleep(20)
  }
  for (;;) {
    const committed = await kafka.admin.committedOffsets(group, partitions)
    rss = Math.max(rss, process.memoryUsage.rss())
    const isDone = ends.every(
      ({ partition, offset }) =>
        (committed.find((c) => c.partition === partition)?.offset ?? 0) >= offset,
    )
    if (isDone) break
    await turn()
  }
  // What lies between two halves of a query is input of the second.
  while (!(await isRepartitionedDone(engine, group))) await turn()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const now = bytesWritten()
  const metrics = engine.metrics().queries.find(({ id }) => id === query.id)!
  await engine.execute(`TERMINATE ${query.id};`)
  return {
    records,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    rssMiB: rss / 2 ** 20,
    commitMsMax: metrics.commitMsMax,
    bytesWrittenPerRecord:
      written === undefined || now === undefined ? undefined : (now - written) / records,
  }
}

/** Whether the group has committed the end of its repartition topics, if it has any. */
async function isRepartitionedDone({ kafka }: Engine, group: string): Promise<boolean> {
  const topics = (await kafka.admin.listTopics()).filter(
    ({ name }) => name.startsWith(`${group}-`) && name.endsWith('-repartition'),
  )
  const partitions = topics.flatMap(({ name, partitionCount }) =>
    Array.from({ length: partitionCount }, (_, partition) => ({ topic: name, partition })),
  )
  if (partitions.length === 0) return true
  const ends = await kafka.admin.endOffsets(partitions, 'read_committed')
  const committed = await kafka.admin.committedOffsets(group, partitions)
  return ends.every(({ topic, partition, offset }) => {
    const at = committed.find((c) => c.topic === topic && c.partition === partition)?.offset ?? 0
    // The marker that ends the last transaction is behind the last record, and nothing is committed for it alone.
    return offset - at <= 1
  })
}

/** The consumer group of a query, found among those that read a topic. */
async function groupOf(engine: Engine, queryId: string, topic: string): Promise<string> {
  for (const source of engine.sources.filter((s) => s.topic === topic)) {
    const [answer] = await engine.execute(`DESCRIBE ${source.name} EXTENDED;`)
    if (answer?.['@type'] !== 'sourceDescription') throw new Error('DESCRIBE describes')
    const { queryOffsetSummaries } = answer.sourceDescription
    const found = queryOffsetSummaries.find(({ groupId }) => groupId.endsWith(queryId))
    if (found !== undefined) return found.groupId
  }
  throw new Error(`query ${queryId} does not read ${topic}`)
}

/** Bytes that write calls of this process took, all threads; Linux only. */
function bytesWritten(): number | undefined {
  try {
    const match = /^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))
    return match === null ? undefined : Number(match[1])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
