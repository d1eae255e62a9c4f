import { ErrorCode } from '@varve/kafka-protocol'
import type { ApiVersionsResponse } from '@varve/kafka-protocol'

/** Api keys of the requests that are answered, with the versions whose meaning the handlers keep. */
const apis: readonly (readonly [apiKey: number, minVersion: number, maxVersion: number])[] = [
  [0, 3, 7],
  [1, 4, 11],
  [2, 1, 2],
  [3, 4, 8],
  [8, 2, 7],
  [9, 1, 7],
  [10, 1, 2],
  [11, 4, 5],
  [12, 0, 3],
  [13, 3, 3],
  [14, 0, 3],
  [15, 0, 4],
  [16, 0, 4],
  [18, 0, 3],
  [19, 2, 4],
  [20, 1, 3],
  [21, 0, 1],
  [22, 0, 1],
  [24, 0, 1],
  [25, 0, 1],
  [26, 0, 1],
  [28, 0, 3],
  [32, 1, 2],
  [37, 0, 1],
  [42, 0, 1],
  [44, 0, 0],
]

/** ApiVersions. */
export function handleApiVersions(): ApiVersionsResponse {
  return {
    errorCode: ErrorCode.NONE,
    apis: apis.map(([apiKey, minVersion, maxVersion]) => ({ apiKey, minVersion, maxVersion })),
  }
}
