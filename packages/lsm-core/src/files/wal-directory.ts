import { resolve } from 'node:path'

/** Directory of the logs of a database; a relative one counts from the database's, which is also the default. */
export function walDirectoryOf(
  directory: string,
  { walDirectory }: { readonly walDirectory?: string | undefined },
): string {
  return walDirectory === undefined ? directory : resolve(directory, walDirectory)
}
