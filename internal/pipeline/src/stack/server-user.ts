import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const isRoot = process.getuid?.() === 0

/** The command as another user, where this is root: database servers refuse to run as such. */
export function asUser(
  user: string,
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  return isRoot
    ? {
        command: 'setpriv',
        args: [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', command, ...args],
      }
    : { command, args }
}

/** Runs a command to its end as that user, who comes to own `home`. */
export async function runAs(
  user: string,
  home: string,
  command: string,
  args: readonly string[],
): Promise<void> {
  if (isRoot) await promisify(execFile)('chown', [user, home])
  const run = asUser(user, command, args)
  await promisify(execFile)(run.command, run.args, { timeout: 60_000 })
}
