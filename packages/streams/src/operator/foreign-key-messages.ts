import { hash } from 'node:crypto'

import { DeserializationError } from '@varve/base'

import type { Serde } from '../serde.ts'

/** What the right side does with a subscription. */
export const SubscriptionInstruction = {
  /** Forget it, answer nothing. */
  Forget: 0,
  /** Forget it and answer that there is no row any more. */
  ForgetAndAnswer: 1,
  /** Keep it and answer, also when there is no row: an earlier result has to go. */
  AnswerAlways: 2,
  /** Keep it and answer only with a row. */
  AnswerIfPresent: 3,
} as const

/** One of {@link SubscriptionInstruction}. */
export type SubscriptionInstruction =
  (typeof SubscriptionInstruction)[keyof typeof SubscriptionInstruction]

/** Bytes of a {@link valueHash}. */
const hashLength = 16

/** Left row → right side: which row it wants to hear of. */
export interface Subscription {
  readonly instruction: SubscriptionInstruction
  /** Partition of the task that the answer goes to. */
  readonly partition: number
  /** Of the left row as it is; `null` when it is gone. */
  readonly hash: Uint8Array | null
  readonly primaryKey: Uint8Array
}

/** Right side → left row: the row asked for. */
export interface SubscriptionAnswer {
  readonly partition: number
  readonly hash: Uint8Array | null
  /** `null` when there is none. */
  readonly value: Uint8Array | null
}

/** 128 bits that tell one value of a left row from another. */
export function valueHash(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer').subarray(0, hashLength))
}

/** Whether both stand for the same value. */
export function hashesEqual(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0
}

function encode(
  flags: number,
  partition: number,
  hashBytes: Uint8Array | null,
  rest: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(5 + hashLength + rest.length)
  bytes[0] = flags | (hashBytes === null ? 0 : 0x10)
  new DataView(bytes.buffer).setUint32(1, partition)
  if (hashBytes !== null) bytes.set(hashBytes, 5)
  bytes.set(rest, 5 + hashLength)
  return bytes
}

function decode(bytes: Uint8Array | null): {
  flags: number
  partition: number
  hash: Uint8Array | null
  rest: Uint8Array
} {
  if (bytes === null || bytes.length < 5 + hashLength) {
    throw new DeserializationError('a message of a foreign-key join is cut off')
  }
  return {
    flags: bytes[0]! & 0x0f,
    partition: new DataView(bytes.buffer, bytes.byteOffset).getUint32(1),
    hash: (bytes[0]! & 0x10) === 0 ? null : bytes.slice(5, 5 + hashLength),
    rest: bytes.slice(5 + hashLength),
  }
}

/** `[instruction, and 16 when there is a hash][partition, 4 bytes][hash, 16 bytes][primary key]`. */
export const subscriptionSerde: Serde<Subscription> = {
  serialize: ({ instruction, partition, hash: hashBytes, primaryKey }) =>
    encode(instruction, partition, hashBytes, primaryKey),
  deserialize(bytes) {
    const { flags, rest, ...message } = decode(bytes)
    return { ...message, instruction: flags as SubscriptionInstruction, primaryKey: rest }
  },
}

/** `[1 when there is a row, and 16 when there is a hash][partition, 4 bytes][hash, 16 bytes][row]`. */
export const answerSerde: Serde<SubscriptionAnswer> = {
  serialize: ({ partition, hash: hashBytes, value }) =>
    encode(value === null ? 0 : 1, partition, hashBytes, value ?? new Uint8Array(0)),
  deserialize(bytes) {
    const { flags, rest, ...message } = decode(bytes)
    return { ...message, value: flags === 0 ? null : rest }
  },
}
