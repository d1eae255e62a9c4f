import type { Heartbeat } from '../change.ts'
import { asText } from '../connect/raw.ts'
import { isStruct } from '../record/key.ts'
import { timeOf } from '../time-of.ts'
import type { ShapeContext } from './context.ts'

/** Decodes a connector's sign of life. */
export function decodeHeartbeat(context: ShapeContext): Heartbeat {
  const key = context.key.value
  const serverName = isStruct(key) ? key['serverName'] : undefined
  return {
    kind: 'heartbeat',
    topic: context.record.topic,
    key,
    effect: 'none',
    serverName: typeof serverName === 'string' ? serverName : undefined,
    vgtid: asText(context.value.get('vgtid')),
    time: timeOf(context.value),
  }
}
