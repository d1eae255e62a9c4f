/** Any run of characters, or any one character. */
const anyRun = -1
const anyOne = -2

/**
 * Matches whole texts against a LIKE pattern: `%` any run, `_` any one UTF-16 unit, the rest itself.
 *
 * Greedy with one point of return (the last `%`), so the time is at most the product of both lengths: no pattern makes it exponential.
 *
 * @throws RangeError for a pattern that ends in its escape character
 */
export function likeMatcher(
  pattern: string,
  escape: string | undefined,
): (text: string) => boolean {
  const codes: number[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!
    if (character === escape) {
      i += 1
      if (i >= pattern.length) throw new RangeError('LIKE pattern must not end with its escape')
      codes.push(pattern.charCodeAt(i))
    } else {
      codes.push(character === '%' ? anyRun : character === '_' ? anyOne : pattern.charCodeAt(i))
    }
  }
  return (text) => matches(codes, text)
}

function matches(codes: readonly number[], text: string): boolean {
  let at = 0
  let code = 0
  let runAt = -1
  let runStart = 0
  while (at < text.length) {
    const wanted = codes[code]
    if (wanted === anyRun) {
      runAt = code
      runStart = at
      code += 1
    } else if (wanted === anyOne || wanted === text.charCodeAt(at)) {
      at += 1
      code += 1
    } else if (runAt !== -1) {
      runStart += 1
      at = runStart
      code = runAt + 1
    } else {
      return false
    }
  }
  while (codes[code] === anyRun) code += 1
  return code === codes.length
}
