/** A tree without its positions, for comparing what two texts mean. */
export function withoutSpans(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutSpans)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name]) => name !== 'span' && name !== 'targetSpan')
      .map(([name, value]) => [name, withoutSpans(value)]),
  )
}
