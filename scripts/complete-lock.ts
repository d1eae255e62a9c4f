/**
 * `npm run complete-lock [-- --check]`: gives the lock file an entry for every optional package of another platform.
 *
 * A registry that mirrors only what its own machines need lets `npm install` leave such packages out; `npm ci` then refuses the lock file
 * everywhere. The entries say version and platform, no address: on that platform npm asks the registry in use.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { repositoryRoot } from './workspace.ts'

interface LockEntry {
  readonly version?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
  readonly license?: string
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const platforms: Readonly<Record<string, string>> = {
  aix: 'aix',
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  win32: 'win32',
  windows: 'win32',
}
const processors: Readonly<Record<string, string>> = {
  '64': 'x64',
  arm: 'arm',
  arm64: 'arm64',
  ia32: 'ia32',
  loong64: 'loong64',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  wasm32: 'wasm32',
  x64: 'x64',
}

/** The platform that the name of a native package speaks of: `@oxlint/binding-linux-x64-musl`. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.split('/').at(-1)!.split('-')
  const os = words.map((word) => platforms[word]).find((word) => word !== undefined)
  const cpu = words.map((word) => processors[word]).find((word) => word !== undefined)
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : os === 'linux' && words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(os === undefined ? {} : { os: [os] }),
  }
}

const path = join(repositoryRoot, 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> }
const missing = new Map<string, LockEntry>()
for (const [folder, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = [`node_modules/${name}`, `${folder}/node_modules/${name}`].some(
      (at) => at in lock.packages,
    )
    // Ranges belong to packages that npm resolves everywhere; native halves are pinned exactly.
    if (known || !/^\d+\.\d+\.\d+/.test(version)) continue
    missing.set(`node_modules/${name}`, {
      version,
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
      ...platformOf(name),
    })
  }
}

if (process.argv.includes('--check')) {
  if (missing.size > 0) {
    console.error(
      `package-lock.json lacks ${missing.size} optional packages: npm run complete-lock`,
    )
    process.exitCode = 1
  }
} else if (missing.size > 0) {
  const [root, ...rest] = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) })
  const sorted = rest.toSorted(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = Object.fromEntries([root!, ...sorted])
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`added ${missing.size} optional packages of other platforms`)
}
