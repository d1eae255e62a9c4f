import { ErrorCode, HttpError } from './http-error.ts'

/** Media types of ksqlDB's API. */
export const MediaType = {
  json: 'application/json',
  ksql: 'application/vnd.ksql.v1+json',
  delimited: 'application/vnd.ksqlapi.delimited.v1',
  protobuf: 'application/vnd.ksql.v1+protobuf',
} as const
/** One of the media types of the API. */
export type MediaType = (typeof MediaType)[keyof typeof MediaType]

/**
 * The best of `offered` (first = preferred) for an Accept header (RFC 9110 section 12.5.1): greatest `q`, then order of the offer.
 *
 * @throws HttpError 406 when nothing is acceptable
 */
export function negotiate<T extends MediaType>(
  accept: string | undefined,
  offered: readonly [T, ...T[]],
): T {
  if (accept === undefined || accept.trim() === '') return offered[0]
  const ranges = accept.split(',').map(parseRange)
  let best: T | undefined
  let bestQuality = 0
  for (const type of offered) {
    const quality = qualityOf(type, ranges)
    if (quality > bestQuality) {
      best = type
      bestQuality = quality
    }
  }
  if (best === undefined) throw new HttpError(ErrorCode.badRequest, 'Not Acceptable', 406)
  return best
}

interface Range {
  readonly type: string
  readonly quality: number
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const q = parameters.find((parameter) => parameter.startsWith('q='))
  const quality = q === undefined ? 1 : Number(q.slice(2))
  return { type, quality: Number.isFinite(quality) ? quality : 0 }
}

/** The most specific matching range decides. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  for (const candidate of [type, family, '*/*']) {
    const range = ranges.find((r) => r.type === candidate)
    if (range !== undefined) return range.quality
  }
  return 0
}
