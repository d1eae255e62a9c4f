/** `String.hashCode` of Java: over UTF-16 units, in 32 bits. */
function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

/**
 * Texts in the order in which a `java.util.HashMap` that they were put into, one after the other, hands them out: by slot of the table, within a slot as
 * they came. The dialect iterates over maps in this order wherever one becomes a list, so lists that come out equal must be made in it.
 *
 * Slots that hold eight texts or more become trees in Java; their order, which hardly anyone will meet, is not followed.
 *
 * @param initialCapacity - What the map was made for; it grows from there.
 */
export function javaHashOrder(texts: readonly string[], initialCapacity = 16): string[] {
  if (texts.length < 2) return [...texts]
  let capacity = 1
  while (capacity < initialCapacity) capacity *= 2
  while (texts.length > capacity * 0.75) capacity *= 2
  const slots = texts.map((text) => {
    const hash = javaStringHash(text)
    return (hash ^ (hash >>> 16)) & (capacity - 1)
  })
  return texts
    .map((text, i) => ({ text, slot: slots[i]! }))
    .sort((a, b) => a.slot - b.slot)
    .map(({ text }) => text)
}
