import type { ScalarFunction } from '../function.ts'
import { zoneOffsetMs } from '../time/zone.ts'

/** CONVERT_TZ: shifted by the difference of the zones' offsets at that instant. */
export const convertTz: ScalarFunction = {
  kind: 'scalar',
  name: 'CONVERT_TZ',
  category: 'DATE / TIME',
  description: 'A TIMESTAMP shifted from one zone to another.',
  overloads: [
    {
      parameters: [
        { name: 'timestamp', type: 'TIMESTAMP' },
        { name: 'from', type: 'STRING' },
        { name: 'to', type: 'STRING' },
      ],
      returns: 'TIMESTAMP',
      evaluate: (ms: number, from: string, to: string) =>
        ms + zoneOffsetMs(to, ms) - zoneOffsetMs(from, ms),
    },
  ],
}
