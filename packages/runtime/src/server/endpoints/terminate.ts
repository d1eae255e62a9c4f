import type { Exchange } from '../exchange.ts'
import { ErrorCode, HttpError } from '../http-error.ts'
import type { ServerContext } from '../server-context.ts'

/** `POST /ksql/terminate`: ends the service; `deleteTopicList` names topics to delete by regular expressions. */
export async function postTerminate(
  exchange: Exchange,
  { engine, limits }: ServerContext,
): Promise<void> {
  const body = await exchange.readJson(limits.bodyBytesMax)
  const patterns = body['deleteTopicList'] ?? []
  if (!Array.isArray(patterns) || !patterns.every((pattern) => typeof pattern === 'string')) {
    throw new HttpError(ErrorCode.badRequest, 'Field "deleteTopicList" must be an array of strings')
  }
  await engine.terminateCluster({ deleteTopics: patterns })
  await exchange.answerJson(200, [
    {
      '@type': 'currentStatus',
      statementText: 'TERMINATE CLUSTER;',
      commandId: 'cluster/TerminateCluster/terminate',
      commandStatus: { status: 'SUCCESS', message: 'Cluster terminated', queryId: null },
      commandSequenceNumber: -1,
      warnings: [],
    },
  ])
}
