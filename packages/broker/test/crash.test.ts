import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { decodeRecordBatch, readBatchHeaders } from '@varve/kafka-protocol'
import { expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask } from './support.ts'

interface Acknowledged {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly count: number
}

/** Lets a process produce into the directory and kills it after `lines` acknowledgements. */
function produceAndKill(directory: string, lines: number): Promise<Acknowledged[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--conditions=@varve/source', join(import.meta.dirname, 'crash-child.ts'), directory],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let output = ''
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.split('\n').length > lines) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code !== null) {
        reject(new Error(`the producing process ended by itself: ${errors}`))
        return
      }
      // The last line may be cut off.
      const whole = output.slice(0, output.lastIndexOf('\n')).split('\n')
      resolve(
        whole.map((line) => {
          const [partition, offset, key, count] = line.split(' ')
          return {
            partition: Number(partition),
            offset: Number(offset),
            key: key!,
            count: Number(count),
          }
        }),
      )
    })
  })
}

async function storedKeys(broker: EmbeddedBroker, partition: number): Promise<Map<number, string>> {
  const keys = new Map<number, string>()
  for (let fetchOffset = 0; ;) {
    const { topics } = await ask(broker, 'Fetch', {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 10_000_000,
      isolationLevel: 0,
      topics: [
        {
          topic: 'orders',
          partitions: [{ partition, currentLeaderEpoch: -1, fetchOffset, maxBytes: 10_000_000 }],
        },
      ],
    })
    const { records, errorCode } = topics[0]!.partitions[0]!
    expect(errorCode).toBe(0)
    const before = fetchOffset
    for (const { header, position } of readBatchHeaders(records)) {
      for (const record of decodeRecordBatch(records, position)) {
        keys.set(record.offset, new TextDecoder().decode(record.key!))
      }
      fetchOffset = header.lastOffset + 1
    }
    if (fetchOffset === before) return keys
  }
}

test('kill -9 of a producing process, again and again: nothing acknowledged is lost, nothing invented', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-broker-crash-'))
  const cycles = Number(process.env['VARVE_KILL_CYCLES'] ?? 4)
  try {
    const acknowledged: Acknowledged[] = []
    for (let cycle = 0; cycle < cycles; cycle++) {
      acknowledged.push(...(await produceAndKill(directory, 50 + cycle * 37)))
    }
    await using broker = await EmbeddedBroker.open({ directory })
    for (const partition of [0, 1]) {
      const keys = await storedKeys(broker, partition)
      expect([...keys.keys()]).toEqual(Array.from({ length: keys.size }, (_, i) => i))
      for (const { offset, key, count } of acknowledged.filter((a) => a.partition === partition)) {
        for (let n = 0; n < count; n++) expect(keys.get(offset + n)).toBe(key)
      }
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(cycles * 50)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}, 120_000)

test('a second broker on the same directory is refused', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-broker-lock-'))
  try {
    await using broker = await EmbeddedBroker.open({ directory })
    await expect(EmbeddedBroker.open({ directory })).rejects.toMatchObject({ code: 'VARVE_LOCKED' })
    expect(broker.recoveredCuts).toEqual([])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
