/** The process that is killed: hosts the engine and its HTTP server, and writes input topics when told to. */
import { Engine } from '@varve/runtime'
import { startServer } from '@varve/runtime/server'

import { capturedRecords, registerCapturedSchemas } from './captured-events.ts'
import { readingEvents, submissionEvents } from './load-events.ts'
import { endOffsets, runLoad } from '@varve/internal-load'
import type { Reply, Request } from './messages.ts'
import { SUBMIT, changeTopics } from './topics.ts'

const [directory, port, kafkaAddress] = process.argv.slice(2)
const say = (reply: Reply): void => void process.send!(reply)

const engine = await Engine.open(
  kafkaAddress === undefined
    ? { directory: directory! }
    : { directory: directory!, kafka: { brokers: [kafkaAddress] } },
)
const server = await startServer({ engine, port: Number(port) })
const { kafka, schemaRegistry: registry } = engine

async function carryOut(request: Request): Promise<readonly number[] | undefined> {
  const onProgress = (sent: number): void => say({ kind: 'progress', request: request.kind, sent })
  switch (request.kind) {
    case 'prepare-change-topics':
      await registerCapturedSchemas(registry)
      for (const name of changeTopics) {
        if ((await kafka.admin.describeTopic(name)) === undefined)
          await kafka.admin.createTopic({ name, partitionCount: 2 })
      }
      return undefined
    case 'produce-captured': {
      await using producer = kafka.producer()
      await producer.init()
      for (const record of await capturedRecords(
        request.topic,
        await registerCapturedSchemas(registry),
      ))
        producer.send(record)
      await producer.flush()
      return undefined
    }
    case 'end-offsets':
      return endOffsets(kafka, request.topic, request.partitionCount)
    case 'load-readings':
      await runLoad(kafka, request.target, readingEvents(request.firstTime), onProgress)
      return undefined
    case 'load-submissions': {
      const key = await registry.latest(`${SUBMIT}-key`)
      const value = await registry.latest(`${SUBMIT}-value`)
      await runLoad(
        kafka,
        request.target,
        submissionEvents(request.firstTime, key, value),
        onProgress,
      )
      return undefined
    }
    case 'close':
      await server.close()
      await engine.close()
      process.disconnect()
      return undefined
  }
}

// Ctrl-C on a terminal reaches the whole group: the demo decides when this process ends.
process.on('SIGINT', () => {})

process.on('message', (request: Request) => {
  carryOut(request).then(
    (result) => {
      if (process.connected)
        say({ kind: 'done', request: request.kind, ...(result === undefined ? {} : { result }) })
    },
    (error: unknown) =>
      say({
        kind: 'failed',
        request: request.kind,
        message: String((error as Error).stack ?? error),
      }),
  )
})
say({ kind: 'ready', url: server.url })
