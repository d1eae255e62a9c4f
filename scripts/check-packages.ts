/**
 * `npm run check:packages`: every package as its users get it.
 *
 * Packs each one, looks through the tarball (files, publint, attw), installs it with only what it depends on into an empty project outside the
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

interface Tarball {
  readonly path: string
  /** Paths inside, relative to the package. */
  readonly files: ReadonlySet<string>
}

function pack(entry: PublishedPackage): Tarball {
  const [result] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], entry.folder),
  ) as { filename: string; files: { path: string }[] }[]
  return {
    path: join(scratch, basename(result!.filename)),
    files: new Set(result!.files.map((file) => file.path)),
  }
}

/** What no other tool looks at: tests stay at home, and every source, entries of worker threads too, comes with what was built from it. */
function judgeFiles({ files }: Tarball): void {
  for (const needed of ['package.json', 'README.md', 'LICENSE'])
    if (!files.has(needed)) throw new Error(`${needed} is missing`)
  for (const file of files) {
    if (/\.test(-d)?\.|(^|\/)(test|testdata|examples)\/|\.tsbuildinfo$/.test(file))
      throw new Error(`${file} is not for users`)
    const source = /^src\/(.*)\.ts$/.exec(file)
    if (source === null) continue
    for (const built of [`dist/${source[1]!}.js`, `dist/${source[1]!}.d.ts`])
      if (!files.has(built)) throw new Error(`${built} is missing`)
  }
  for (const file of files) {
    const built = /^dist\/(.*)\.js$/.exec(file)
    if (built !== null && !files.has(`src/${built[1]!}.ts`))
      throw new Error(`${file} has no source: run npm run build`)
  }
}

function firstExample(entry: PublishedPackage): string {
  const readme = readFileSync(join(entry.folder, 'README.md'), 'utf8')
  const block = /^```ts\n([\s\S]*?)^```/m.exec(readme)
  if (block === null) throw new Error('README.md has no ```ts block')
  return block[1]!
}

function runExample(entry: PublishedPackage, tarballs: ReadonlyMap<string, Tarball>): void {
  const project = join(scratch, 'use', entry.name.replace('@varve/', ''))
  mkdirSync(project, { recursive: true })
  const ours = closureOf(entry.name, packages).map(
    (p) => [p.name, `file:${tarballs.get(p.name)!.path}`] as const,
  )
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { [entry.name]: `file:${tarballs.get(entry.name)!.path}` },
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
  const tarballs = new Map<string, Tarball>()
  for (const entry of packages) tarballs.set(entry.name, pack(entry))
  for (const entry of packages) {
    if (only.length > 0 && !only.includes(basename(entry.folder))) continue
    const tarball = tarballs.get(entry.name)!
    judge(`${entry.name} files`, () => judgeFiles(tarball))
    judge(
      `${entry.name} publint`,
      () => void run(bin('publint'), ['run', tarball.path, '--strict'], entry.folder),
    )
    judge(
      `${entry.name} attw`,
      () => void run(bin('attw'), [tarball.path, '--profile', 'esm-only'], entry.folder),
    )
    judge(`${entry.name} README example`, () => runExample(entry, tarballs))
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
