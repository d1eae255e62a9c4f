import { javaHashOrder, type Value } from '@varve/serde'

/**
 * The entries of a map in the order in which the dialect iterates over it: that of a Java hash map made for so many entries. Keys that are no texts keep
 * the order they came in.
 */
export function entriesInJavaOrder(
  map: ReadonlyMap<Value, Value>,
): readonly (readonly [Value, Value])[] {
  if (map.size < 2) return [...map]
  const keys: string[] = []
  for (const key of map.keys()) {
    if (typeof key !== 'string') return [...map]
    keys.push(key)
  }
  return javaHashOrder(keys, map.size).map((key) => [key, map.get(key)!])
}
