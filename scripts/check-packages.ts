/**
 * `npm run check:packages`: every package as its users get it.
 *
 * Packs each one, lints the tarball (publint, attw), installs it with only what it depends on into an empty project outside the
 * repository, and runs the first `ts` block of its README there.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { closureOf, publishedPackages, repositoryRoot, type PublishedPackage } from './workspace.ts'

const only = process.argv.slice(2)
const packages = publishedPackages()
const scratch = mkdtempSync(join(tmpdir(), 'varve-packages-'))
const bin = (name: string): string => join(repositoryRoot, 'node_modules', '.bin', name)
let passed = 0
let failed = 0

function judge(title: string, run: () => void): void {
  try {
    run()
    passed++
    console.log(`✔ ${title}`)
  } catch (error) {
    failed++
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer }
    console.log(`✘ ${title}\n${[String(error), stdout, stderr].filter(Boolean).join('\n')}`)
  }
}

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })
}

function pack(entry: PublishedPackage): string {
  const [result] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], entry.folder),
  ) as { filename: string }[]
  return join(scratch, basename(result!.filename))
}

function firstExample(entry: PublishedPackage): string {
  const readme = readFileSync(join(entry.folder, 'README.md'), 'utf8')
  const block = /^```ts\n([\s\S]*?)^```/m.exec(readme)
  if (block === null) throw new Error('README.md has no ```ts block')
  return block[1]!
}

function runExample(entry: PublishedPackage, tarballs: ReadonlyMap<string, string>): void {
  const project = join(scratch, 'use', entry.name.replace('@varve/', ''))
  mkdirSync(project, { recursive: true })
  const ours = closureOf(entry.name, packages).map(
    (p) => [p.name, `file:${tarballs.get(p.name)!}`] as const,
  )
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { [entry.name]: `file:${tarballs.get(entry.name)!}` },
      overrides: Object.fromEntries(ours.filter(([name]) => name !== entry.name)),
    }),
  )
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'],
    project,
  )
  writeFileSync(join(project, 'example.ts'), firstExample(entry))
  const result = spawnSync(process.execPath, ['example.ts'], {
    cwd: project,
    encoding: 'utf8',
    timeout: 60_000,
  })
  if (result.status !== 0)
    throw new Error(
      `example ended with ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`,
    )
}

try {
  const tarballs = new Map<string, string>()
  for (const entry of packages) tarballs.set(entry.name, pack(entry))
  for (const entry of packages) {
    if (only.length > 0 && !only.includes(basename(entry.folder))) continue
    const tarball = tarballs.get(entry.name)!
    judge(
      `${entry.name} publint`,
      () => void run(bin('publint'), ['run', tarball, '--strict'], entry.folder),
    )
    judge(
      `${entry.name} attw`,
      () => void run(bin('attw'), [tarball, '--profile', 'esm-only'], entry.folder),
    )
    judge(`${entry.name} README example`, () => runExample(entry, tarballs))
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
