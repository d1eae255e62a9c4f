import type { EventAt } from '@varve/internal-load'

export const PARTITIONS = 2
const KEYS = 50
export const GROUPS = 7

/** Inputs numbered from 0; every number goes through a stateless query and, regrouped, through an aggregate. */
export const statements = `
  CREATE STREAM inputs (k VARCHAR KEY, n BIGINT, g INT) WITH (kafka_topic = 'inputs', partitions = ${PARTITIONS}, value_format = 'json');
  CREATE STREAM outputs WITH (kafka_topic = 'outputs') AS SELECT k, n * 2 AS twice FROM inputs EMIT CHANGES;
  CREATE TABLE groups WITH (kafka_topic = 'groups') AS SELECT g, COUNT(*) AS c, SUM(n) AS s FROM inputs GROUP BY g EMIT CHANGES;`

const encoder = new TextEncoder()

export const eventAt: EventAt = (n) => ({
  key: encoder.encode(`k${n % KEYS}`),
  value: encoder.encode(JSON.stringify({ N: n, G: n % GROUPS })),
  timestamp: 1_700_000_000_000 + n,
})

/** Count and sum of each group over the given inputs. */
export function expectedGroups(
  inputs: Iterable<number>,
): [group: number, count: number, sum: number][] {
  const groups = Array.from({ length: GROUPS }, (_, g): [number, number, number] => [g, 0, 0])
  for (const n of inputs) {
    const group = groups[n % GROUPS]!
    group[1]++
    group[2] += n
  }
  return groups.filter(([, count]) => count > 0)
}
