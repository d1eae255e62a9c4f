/**
 * Whether tests that need something from outside the repository can run: a program, a library, data.
 *
 * Says aloud what is skipped. With `VARVE_REQUIRE_PEERS=1` what is missing is an error instead.
 *
 * @param what names it, and how to come by it
 */
export function isPeerThere(what: string, isThere: boolean): boolean {
  if (isThere) return true
  if (process.env['VARVE_REQUIRE_PEERS'] === '1') throw new Error(`missing: ${what}`)
  console.log(`skipped, missing: ${what}`)
  return false
}
