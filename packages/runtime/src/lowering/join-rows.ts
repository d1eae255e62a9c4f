import type { Row, Value } from '@varve/serde'

/** Puts two rows side by side; a missing one is that many nulls. */
export function joinRows(
  leftCount: number,
  rightCount: number,
): (left: Row | null, right: Row | null) => Row {
  return (left, right) => {
    const row: Value[] = new Array<Value>(leftCount + rightCount).fill(null)
    if (left !== null) for (let i = 0; i < leftCount; i++) row[i] = left[i] ?? null
    if (right !== null) for (let i = 0; i < rightCount; i++) row[leftCount + i] = right[i] ?? null
    return row
  }
}
