import { CorruptionError, UnsupportedError } from '@varve/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { apiNameOf, apis, negotiateVersion } from './apis.ts'
import {
  decodeRequestFrame,
  decodeResponseFrame,
  encodeRequestFrame,
  encodeResponseFrame,
} from './frame.ts'
import { encodeFetchRequest, type ApiMessages, type ApiName } from './index.ts'

const data = Uint8Array.of(1, 2, 3)
const offsets = [
  {
    topic: 't',
    partitions: [{ partition: 1, offset: 2 ** 40, leaderEpoch: 3, metadata: 'm' }],
  },
]
const partitionErrors = [{ topic: 't', partitions: [{ partition: 1, errorCode: 51 }] }]
const member = { groupId: 'g', generationId: 4, memberId: 'm-1', groupInstanceId: 'i' }
const producer = { transactionalId: 'x', producerId: 7001, producerEpoch: 2 }

const samples: { readonly [A in ApiName]: ApiMessages[A] } = {
  AddOffsetsToTxn: { request: { ...producer, groupId: 'g' }, response: { errorCode: 51 } },
  AddPartitionsToTxn: {
    request: { ...producer, topics: [{ topic: 't', partitions: [0, 1] }] },
    response: { topics: partitionErrors },
  },
  ApiVersions: {
    request: { clientSoftwareName: 'varve', clientSoftwareVersion: '1' },
    response: { errorCode: 0, apis: [{ apiKey: 18, minVersion: 0, maxVersion: 3 }] },
  },
  CreatePartitions: {
    request: { topics: [{ name: 't', count: 3 }], timeoutMs: 9, validateOnly: true },
    response: { topics: [{ name: 't', errorCode: 37, errorMessage: null }] },
  },
  CreateTopics: {
    request: {
      topics: [
        {
          name: 't',
          partitionCount: -1,
          replicationFactor: -1,
          configs: [{ name: 'cleanup.policy', value: 'compact' }],
        },
      ],
      timeoutMs: 9,
      validateOnly: false,
    },
    response: { topics: [{ name: 't', errorCode: 36, errorMessage: 'exists' }] },
  },
  DeleteGroups: {
    request: { groupIds: ['g'] },
    response: { results: [{ groupId: 'g', errorCode: 68 }] },
  },
  DeleteRecords: {
    request: { topics: [{ topic: 't', partitions: [{ partition: 0, offset: -1 }] }], timeoutMs: 9 },
    response: {
      topics: [{ topic: 't', partitions: [{ partition: 0, lowWatermark: 5, errorCode: 0 }] }],
    },
  },
  DeleteTopics: {
    request: { topicNames: ['t'], timeoutMs: 9 },
    response: { topics: [{ name: 't', errorCode: 3 }] },
  },
  DescribeConfigs: {
    request: { resources: [{ resourceType: 2, resourceName: 't', configNames: null }] },
    response: {
      results: [
        {
          errorCode: 0,
          errorMessage: null,
          resourceType: 2,
          resourceName: 't',
          configs: [
            { name: 'retention.ms', value: '-1', readOnly: false, source: 1, isSensitive: false },
          ],
        },
      ],
    },
  },
  DescribeGroups: {
    request: { groupIds: ['g'] },
    response: {
      groups: [
        {
          errorCode: 0,
          groupId: 'g',
          state: 'Stable',
          protocolType: 'consumer',
          protocol: 'range',
          members: [
            {
              memberId: 'm',
              groupInstanceId: null,
              clientId: 'c',
              clientHost: '/127.0.0.1',
              metadata: data,
              assignment: data,
            },
          ],
        },
      ],
    },
  },
  EndTxn: { request: { ...producer, committed: true }, response: { errorCode: 90 } },
  Fetch: {
    request: {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1 << 20,
      isolationLevel: 1,
      topics: [
        {
          topic: 't',
          partitions: [{ partition: 0, currentLeaderEpoch: 2, fetchOffset: 2 ** 33, maxBytes: 5 }],
        },
      ],
    },
    response: {
      throttleTimeMs: 1,
      errorCode: 0,
      topics: [
        {
          topic: 't',
          partitions: [
            {
              partition: 0,
              errorCode: 0,
              highWatermark: 12,
              lastStableOffset: 11,
              logStartOffset: 1,
              abortedTransactions: [{ producerId: 4, firstOffset: 9 }],
              records: data,
            },
          ],
        },
      ],
    },
  },
  FindCoordinator: {
    request: { key: 'g', keyType: 1 },
    response: { errorCode: 0, errorMessage: null, nodeId: 1, host: 'h', port: 9092 },
  },
  Heartbeat: { request: member, response: { errorCode: 27 } },
  IncrementalAlterConfigs: {
    request: {
      resources: [
        {
          resourceType: 2,
          resourceName: 't',
          configs: [{ name: 'retention.ms', operation: 0, value: '1' }],
        },
      ],
      validateOnly: false,
    },
    response: {
      results: [{ errorCode: 40, errorMessage: 'no', resourceType: 2, resourceName: 't' }],
    },
  },
  InitProducerId: {
    request: { transactionalId: null, transactionTimeoutMs: 10_000 },
    response: { errorCode: 0, producerId: 7001, producerEpoch: 3 },
  },
  JoinGroup: {
    request: {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      memberId: '',
      groupInstanceId: 'i',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: data }],
    },
    response: {
      errorCode: 0,
      generationId: 4,
      protocolName: 'range',
      leader: 'm',
      memberId: 'm',
      members: [{ memberId: 'm', groupInstanceId: 'i', metadata: data }],
    },
  },
  LeaveGroup: {
    request: { groupId: 'g', members: [{ memberId: 'm', groupInstanceId: null }] },
    response: { errorCode: 0, members: [{ memberId: 'm', groupInstanceId: null, errorCode: 25 }] },
  },
  ListGroups: {
    request: { statesFilter: ['Stable'] },
    response: { errorCode: 0, groups: [{ groupId: 'g', protocolType: 'consumer' }] },
  },
  ListOffsets: {
    request: {
      isolationLevel: 0,
      topics: [{ topic: 't', partitions: [{ partition: 0, timestamp: -2 }] }],
    },
    response: {
      topics: [
        { topic: 't', partitions: [{ partition: 0, errorCode: 0, timestamp: -1, offset: 5 }] },
      ],
    },
  },
  Metadata: {
    request: { topics: ['t'], allowAutoTopicCreation: false },
    response: {
      brokers: [{ nodeId: 1, host: 'h', port: 9092, rack: null }],
      clusterId: 'c',
      controllerId: 1,
      topics: [
        {
          errorCode: 0,
          name: 't',
          isInternal: false,
          partitions: [
            { errorCode: 0, partition: 0, leaderId: 1, leaderEpoch: 4, replicas: [1], isr: [1] },
          ],
        },
      ],
    },
  },
  OffsetCommit: { request: { ...member, topics: offsets }, response: { topics: partitionErrors } },
  OffsetFetch: {
    request: { groupId: 'g', topics: null, requireStable: true },
    response: {
      errorCode: 0,
      topics: [
        {
          topic: 't',
          partitions: [{ partition: 0, offset: 7, leaderEpoch: -1, metadata: null, errorCode: 88 }],
        },
      ],
    },
  },
  Produce: {
    request: {
      transactionalId: 'x',
      acks: -1,
      timeoutMs: 9,
      topics: [{ topic: 't', partitions: [{ partition: 0, records: data }] }],
    },
    response: {
      topics: [
        {
          topic: 't',
          partitions: [
            {
              partition: 0,
              errorCode: 87,
              errorMessage: 'no key',
              baseOffset: 5,
              logAppendTimeMs: -1,
              logStartOffset: 0,
            },
          ],
        },
      ],
      throttleTimeMs: 0,
    },
  },
  SyncGroup: {
    request: { ...member, assignments: [{ memberId: 'm', assignment: data }] },
    response: { errorCode: 0, assignment: data },
  },
  TxnOffsetCommit: {
    request: { ...producer, ...member, topics: offsets },
    response: { topics: partitionErrors },
  },
}

describe.each(Object.keys(apis) as ApiName[])('%s', (name) => {
  const api = apis[name]
  const sample = samples[name]

  test('every field survives the round trip in the newest version', () => {
    const request = api.encodeRequest(api.maxVersion, sample.request as never)
    expect(api.decodeRequest(api.maxVersion, request)).toEqual(sample.request)
    const response = api.encodeResponse(api.maxVersion, sample.response as never)
    expect(api.decodeResponse(api.maxVersion, response)).toEqual(sample.response)
  })

  test('older versions give the same bytes again, or refuse by name what they cannot say', () => {
    for (let version = api.minVersion; version < api.maxVersion; version++) {
      const response = api.encodeResponse(version, withoutInstance(sample.response) as never)
      const again = api.encodeResponse(version, api.decodeResponse(version, response) as never)
      expect(again).toEqual(response)
      let request
      try {
        request = api.encodeRequest(version, sample.request as never)
      } catch (error) {
        expect(error).toBeInstanceOf(UnsupportedError)
        continue
      }
      expect(api.encodeRequest(version, api.decodeRequest(version, request) as never)).toEqual(
        request,
      )
    }
  })

  test('cut-off and damaged bytes are a corruption error, never a hang', () => {
    const encoded = api.encodeResponse(api.maxVersion, sample.response as never)
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.nat(255), (at, byte) => {
        const damaged = encoded.slice()
        damaged[at] = byte
        for (const bytes of [damaged, encoded.subarray(0, at)]) {
          try {
            api.decodeResponse(api.maxVersion, bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError)
          }
        }
      }),
    )
  })

  test('other versions are refused by name', () => {
    expect(() => api.encodeRequest(api.maxVersion + 1, sample.request as never)).toThrow(name)
  })
})

/** Group members of old versions have no instance id. */
function withoutInstance(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message), (key, value: unknown) => {
    if (key === 'groupInstanceId') return null
    if (key === 'metadata' || key === 'assignment' || key === 'records') {
      return value !== null && typeof value === 'object' ? data : value
    }
    return value
  })
}

test('the bytes of a Fetch of version 11', () => {
  const bytes = encodeFetchRequest(11, samples.Fetch.request)
  expect(Buffer.from(bytes).toString('hex')).toBe(
    'ffffffff' +
      '000001f4' +
      '00000001' +
      '00100000' +
      '01' +
      '00000000' +
      'ffffffff' +
      '00000001' +
      '000174' +
      '00000001' +
      '00000000' +
      '00000002' +
      '0000000200000000' +
      'ffffffffffffffff' +
      '00000005' +
      '00000000' +
      '0000',
  )
})

test('a request frame leads back to its header and body', () => {
  const header = { api: 'OffsetFetch', version: 7, correlationId: 9, clientId: 'varve' } as const
  const frame = encodeRequestFrame(header, data)
  const split = decodeRequestFrame(frame)
  expect(split.header).toEqual(header)
  expect(new Uint8Array(split.body)).toEqual(data)
  expect(new Uint8Array(decodeResponseFrame(header, encodeResponseFrame(header, data)))).toEqual(
    data,
  )
})

test('versions are negotiated to the highest of both', () => {
  expect(negotiateVersion('Produce', { minVersion: 3, maxVersion: 13 })).toBe(9)
  expect(negotiateVersion('Produce', { minVersion: 0, maxVersion: 7 })).toBe(7)
  expect(negotiateVersion('Produce', { minVersion: 10, maxVersion: 12 })).toBeUndefined()
  expect(apiNameOf(28)).toBe('TxnOffsetCommit')
  expect(apiNameOf(999)).toBeUndefined()
})
