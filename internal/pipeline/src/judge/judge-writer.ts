import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { sendRecords } from '../scenario/topics.ts'
import { converters } from '../stack/source-connector.ts'
import type { Stack } from '../stack/stack.ts'
import { flattenedLines, writtenChanges } from './sent-rows.ts'

/** Has Debezium's `ExtractNewRecordState` flatten what our writer wrote, in a sink of Connect. Returns what differs. */
export async function judgeWriter(
  stack: Stack,
  format: 'json-schema' | 'avro',
): Promise<readonly string[]> {
  const topic = `view.${format}.totals`
  const file = join(stack.directory, `${topic}.txt`)
  await sendRecords(
    stack.kafka.brokers,
    topic,
    await writtenChanges(topic, format, stack.registry.url),
  )
  await stack.connect.put(`flatten-${format}`, {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    'tasks.max': '1',
    topics: topic,
    file,
    ...converters(stack, format),
    transforms: 'unwrap',
    'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    'transforms.unwrap.delete.tombstone.handling.mode': 'rewrite',
    'transforms.unwrap.add.fields': 'op,table',
    'consumer.override.auto.offset.reset': 'earliest',
  })
  const deadline = Date.now() + 60_000
  const read = (): string[] =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
  while (read().length < flattenedLines.length && Date.now() < deadline) await sleep(500)
  const lines = read()
  return flattenedLines
    .map((expected, i) => (lines[i] === expected ? '' : `${lines[i]} instead of ${expected}`))
    .filter((difference) => difference !== '')
}
