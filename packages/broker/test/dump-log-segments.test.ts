import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { isPeerThere } from '@varve/base/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask, batchOf, createTopic, produce } from './support.ts'

const run = promisify(execFile)

/** Directories of Kafka's jars: the one `VARVE_KAFKA_LIB` names, else those of the installed peers. */
function kafkaJars(): string[] {
  const peers = join(import.meta.dirname, '../../../internal/peers/target')
  const named = process.env['VARVE_KAFKA_LIB']
  const found = [named, join(peers, 'kafka-3'), join(peers, 'kafka-4')].filter(
    (directory) =>
      directory !== undefined &&
      existsSync(directory) &&
      readdirSync(directory).some((name) => /^kafka_2\.13-.*\.jar$/.test(name)),
  ) as string[]
  isPeerThere("Kafka's jars for DumpLogSegments (scripts/ci-peers)", found.length > 0)
  return found
}

const jars = kafkaJars()

/** Kafka 4 moved the tool. */
function toolIn(lib: string): string {
  const isOld = readdirSync(lib).some((name) => /^kafka_2\.13-3\..*\.jar$/.test(name))
  return isOld ? 'kafka.tools.DumpLogSegments' : 'org.apache.kafka.tools.DumpLogSegments'
}

async function dumpWith(
  lib: string,
  files: readonly string[],
  options: readonly string[],
): Promise<string> {
  const { stdout, stderr } = await run(
    'java',
    ['-cp', join(lib, '*'), toolIn(lib), '--files', files.join(','), ...options],
    { maxBuffer: 64 * 1024 * 1024, timeout: 240_000 },
  )
  return stdout + stderr.replaceAll(/^.*(log4j|SLF4J|StatusLogger).*$/gm, '')
}

/** What the tool says when something is wrong. */
const complaint =
  /mismatch|corrupt|invalid|error|exception|non-?consecutive|out of order|isvalid: false|found timestamp/i

/**
 * Lines that complain; payloads of records left out. The tool of Kafka 4.3 takes -1 for the offset before every file's first and so finds a gap
 * at the head of each segment but the first, Kafka's own too: that is not counted.
 */
function complaintsIn(output: string): string[] {
  return output
    .replaceAll(/^Non-consecutive offsets in .*\n  -1 is followed by \d+$/gm, '')
    .split('\n')
    .filter((line) => complaint.test(line) && !/payload: [xy]{3}/.test(line))
}

// One entry stands for the absent jars, so that the suite shows as skipped.
describe.skipIf(jars.length === 0).each(jars.length === 0 ? ['absent jars'] : jars)(
  "Kafka's DumpLogSegments of %s",
  (lib) => {
    const dump = (files: readonly string[], ...options: readonly string[]): Promise<string> =>
      dumpWith(lib, files, options)
    const directory = mkdtempSync(join(tmpdir(), 'varve-broker-dump-'))

    beforeAll(async () => {
      const broker = await EmbeddedBroker.open({ directory })
      await createTopic(broker, 'orders', {
        'segment.bytes': '20000',
        'index.interval.bytes': '500',
      })
      const { producerId, producerEpoch } = await ask(broker, 'InitProducerId', {
        transactionalId: 'tx',
        transactionTimeoutMs: 10_000,
      })
      const identity = { transactionalId: 'tx', producerId, producerEpoch }
      let sequence = 0
      for (let i = 0; i < 60; i++) {
        const now = Date.now()
        await produce(
          broker,
          'orders',
          batchOf(
            [
              [`k${i}`, 'x'.repeat(300), now],
              ['null', null, now],
            ],
            { compression: (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)[i % 5]! },
          ),
        )
        await ask(broker, 'AddPartitionsToTxn', {
          ...identity,
          topics: [{ topic: 'orders', partitions: [0] }],
        })
        const stamp = { producerId, producerEpoch, baseSequence: sequence++, isTransactional: true }
        await produce(broker, 'orders', batchOf([[`t${i}`, 'y'.repeat(300), now]], stamp), 'tx')
        if (i % 10 === 0) {
          await ask(broker, 'AddOffsetsToTxn', { ...identity, groupId: 'g' })
          await ask(broker, 'TxnOffsetCommit', {
            ...identity,
            groupId: 'g',
            generationId: -1,
            memberId: '',
            groupInstanceId: null,
            topics: [
              {
                topic: 'orders',
                partitions: [{ partition: 0, offset: i, leaderEpoch: -1, metadata: 'm' }],
              },
            ],
          })
        }
        await ask(broker, 'EndTxn', { ...identity, committed: i % 3 !== 0 })
      }
      const join1 = {
        groupId: 'members',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 10_000,
        groupInstanceId: 'i',
        protocolType: 'consumer',
        protocols: [
          {
            name: 'range',
            metadata: new Uint8Array([
              0,
              1,
              0,
              0,
              0,
              1,
              0,
              6,
              ...new TextEncoder().encode('orders'),
              255,
              255,
              255,
              255,
            ]),
          },
        ],
      }
      const joined = await ask(broker, 'JoinGroup', { ...join1, memberId: '' })
      await ask(broker, 'SyncGroup', {
        groupId: 'members',
        generationId: joined.generationId,
        memberId: joined.memberId,
        groupInstanceId: 'i',
        assignments: [
          {
            memberId: joined.memberId,
            assignment: new Uint8Array([0, 1, 0, 0, 0, 0, 255, 255, 255, 255]),
          },
        ],
      })
      await ask(broker, 'OffsetCommit', {
        groupId: 'plain',
        generationId: -1,
        memberId: '',
        groupInstanceId: null,
        topics: [
          {
            topic: 'orders',
            partitions: [{ partition: 0, offset: 3, leaderEpoch: -1, metadata: null }],
          },
        ],
      })
      await broker.close()
    })

    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    const filesOf = (partition: string, suffix: string): string[] =>
      readdirSync(join(directory, partition))
        .filter((name) => name.endsWith(suffix))
        .sort()
        .map((name) => join(directory, partition, name))

    test('reads segments and records', async () => {
      const logs = filesOf('orders-0', '.log')
      expect(logs.length).toBeGreaterThan(1)
      const output = await dump(logs, '--deep-iteration', '--print-data-log')
      expect(complaintsIn(output)).toEqual([])
      expect(output.match(/endTxnMarker: (COMMIT|ABORT)/g)).toHaveLength(60)
      expect(output.match(/ key: t\d+ /g)).toHaveLength(60)
    }, 120_000)

    test('reads indexes', async () => {
      const files = ['.index', '.timeindex'].flatMap((suffix) => filesOf('orders-0', suffix))
      const output = await dump(files)
      expect(complaintsIn(output)).toEqual([])
      expect(output.match(/^offset: \d+ position: \d+$/gm)?.length).toBeGreaterThan(10)
      expect(output.match(/^timestamp: \d+ offset: \d+$/gm)?.length).toBeGreaterThan(5)
    }, 120_000)

    test('reads aborted transactions and producer snapshots', async () => {
      const aborted = await dump(filesOf('orders-0', '.txnindex'))
      expect(complaintsIn(aborted)).toEqual([])
      expect(aborted.match(/producerId: \d+/g)).toHaveLength(20)
      const snapshots = await dump(filesOf('orders-0', '.snapshot'))
      expect(complaintsIn(snapshots)).toEqual([])
      expect(snapshots).toMatch(/producerId: 0 producerEpoch: 0/)
    }, 120_000)

    test('reads committed offsets, groups and transaction states', async () => {
      const offsets = await dump(
        filesOf('__consumer_offsets-0', '.log'),
        '--offsets-decoder',
        '--deep-iteration',
      )
      expect(complaintsIn(offsets)).toEqual([])
      expect(offsets).toMatch(/plain/)
      const states = await dump(
        filesOf('__transaction_state-0', '.log'),
        '--transaction-log-decoder',
        '--deep-iteration',
      )
      expect(complaintsIn(states)).toEqual([])
      // The number of the state in the output of Kafka 4.
      expect(/CompleteCommit|transactionStatus\\?":4/.test(states)).toBe(true)
    }, 120_000)
  },
)
