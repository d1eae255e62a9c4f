import { existsSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { isKafkaInstalled, startKafka } from '../src/index.ts'

const installed = isKafkaInstalled('3') && isKafkaInstalled('4')
const required = process.env['VARVE_REQUIRE_PEERS'] === '1'
if (!installed && !required)
  console.log('skipped: Kafka is not installed; run internal/peers/install')

describe.skipIf(!installed && !required)('Apache Kafka', { timeout: 600_000 }, () => {
  test.each(['3', '4'] as const)(
    'a node of line %s starts and leaves nothing behind',
    async (line) => {
      const kafka = await startKafka(line)
      expect(existsSync(kafka.directory)).toBe(true)
      await kafka.stop()
      expect(existsSync(kafka.directory)).toBe(false)
      expect(existsSync(`/proc/${kafka.pid}`)).toBe(false)
    },
  )
})
