/** Cases that fail, each with its reason. The list must stay equal to what happens: a case that passes is taken off. */
export const KNOWN_FAILURES: ReadonlyMap<string, string> = new Map()
