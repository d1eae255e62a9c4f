import { isVarveError, messageOf, VarveError } from '@varve/base'

import type { RecordContext } from '../record.ts'

/** An operator failed on a record; the task cannot go on. `cause` is what it threw. */
export class ProcessingError extends VarveError {
  readonly taskId: string
  readonly nodeName: string
  readonly topic: string
  readonly partition: number
  readonly offset: number

  constructor(
    taskId: string,
    nodeName: string,
    record: Pick<RecordContext, 'topic' | 'partition' | 'offset'>,
    cause: unknown,
  ) {
    const reason = messageOf(cause)
    super(
      isVarveError(cause) ? cause.code : 'VARVE_ABORTED',
      `Exception caught in process. taskId=${taskId}, processor=${nodeName}, topic=${record.topic}, partition=${record.partition}, offset=${record.offset}: ${reason}`,
      { cause },
    )
    this.taskId = taskId
    this.nodeName = nodeName
    this.topic = record.topic
    this.partition = record.partition
    this.offset = record.offset
  }
}
