import { ErrorCode } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'

/** Topic of committed offsets and group metadata. */
export const OFFSETS_TOPIC = '__consumer_offsets'

/** Topic of transaction states. */
export const TRANSACTIONS_TOPIC = '__transaction_state'

/** Whether the topic belongs to the broker. */
export function isInternalTopic(name: string): boolean {
  return name === OFFSETS_TOPIC || name === TRANSACTIONS_TOPIC
}

/** Longest topic name: with `-<partition>` it still is a file name. */
const NAME_LENGTH_MAX = 249

/** Checks a new topic's name. @throws ApiError INVALID_TOPIC_EXCEPTION. */
export function validateTopicName(name: string): void {
  const reason =
    name === ''
      ? 'the name is empty'
      : name === '.' || name === '..'
        ? `"${name}" is not allowed`
        : name.length > NAME_LENGTH_MAX
          ? `the name is longer than ${NAME_LENGTH_MAX} characters`
          : /^[a-zA-Z0-9._-]+$/.test(name)
            ? undefined
            : `"${name}" has characters other than letters, digits, ".", "_" and "-"`
  if (reason !== undefined) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, reason)
}
