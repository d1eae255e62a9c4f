/**
 * Part of `npm run check`: the lock file names the builds of our tools for every platform.
 *
 * A registry that lacks some of them makes npm leave them out without a word, and `npm ci` refuses such a lock file.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { repositoryRoot } from './workspace.ts'

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >
}

const { packages } = JSON.parse(
  readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8'),
) as LockFile
const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(
      ([name]) =>
        packages[`node_modules/${name}`] === undefined &&
        packages[`${path}/node_modules/${name}`] === undefined,
    )
    .map(([name, version]) => `${name} ${version}, wanted by ${path}`),
)
for (const line of missing) console.log(`package-lock.json lacks ${line}`)
process.exitCode = missing.length === 0 ? 0 : 1
