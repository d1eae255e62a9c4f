import { dayMs } from '../../expression/cast/time-text.ts'
import type { ScalarFunction } from '../function.ts'
import { serverZone, zoneOffsetMs } from '../time/zone.ts'

/** UNIX_DATE: days since the epoch; without an argument of today, in the server's zone. */
export const unixDate: ScalarFunction = {
  kind: 'scalar',
  name: 'UNIX_DATE',
  category: 'DATE / TIME',
  description: 'Days since the epoch: of a DATE, or today.',
  overloads: [
    {
      parameters: [],
      returns: 'INTEGER',
      bind: ({ environment }) => {
        const zone = serverZone()
        return () => {
          const now = environment.clock.now()
          return Math.floor((now + zoneOffsetMs(zone, now)) / dayMs)
        }
      },
    },
    {
      parameters: [{ name: 'date', type: 'DATE' }],
      returns: 'INTEGER',
      evaluate: (date: number) => date,
    },
  ],
}
