import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { sendRecords } from '../scenario/topics.ts'
import type { Stack } from '../stack/stack.ts'
import { writtenChanges } from './sent-rows.ts'

const expected = ['insert', 'insert', 'update', 'insert']

/** Runs the example of the decoder's README, a plain client of Kafka, on a topic of changes. Returns what differs. */
export async function runExample(stack: Stack): Promise<readonly string[]> {
  const topic = 'plain.public.totals'
  const records = await writtenChanges(topic, 'json-schema', stack.registry.url)
  await sendRecords(stack.kafka.brokers, topic, records)
  const child = spawn(
    process.execPath,
    [
      '--conditions=@varve/source',
      fileURLToPath(new URL('../../examples/plain-kafkajs.ts', import.meta.url)),
    ],
    {
      env: {
        ...process.env,
        BROKER: stack.kafka.brokers,
        TOPIC: topic,
        KAFKAJS_NO_PARTITIONER_WARNING: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  const told = (): string[] => [...output.matchAll(/^(insert|update) /gm)].map(([, kind]) => kind!)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 60_000)
    const look = (chunk: Buffer): void => {
      output += chunk.toString()
      if (told().length < expected.length && child.exitCode === null) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.once('exit', () => look(Buffer.from('')))
  })
  child.kill('SIGKILL')
  return told().join() === expected.join() && output.includes("name: 'Anne'")
    ? []
    : [`the example printed ${output.slice(-2000)}`]
}
