import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import ts from 'typescript'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
/** Packages that work on files through the interface of `vfs`. */
const packages = ['wal', 'manifest', 'sst-format', 'compaction', 'lsm-core']
const interfaces = new Set(['FileSystem', 'WritableFile', 'RandomAccessFile', 'FileLock'])
/** What cannot fail: the end of what was only read, and of a lock. */
const harmless = new Set([
  'RandomAccessFile.close',
  'RandomAccessFile.closeSync',
  'FileLock.release',
])

/** A call of a method of the file-system interface in the text of the engine. */
export interface CallSite {
  /** Path below the root, and the line: `packages/wal/src/log/log-writer.ts:12`. */
  readonly place: string
  /** `WritableFile.append` */
  readonly method: string
}

/** Every place where the engine calls the file system, by the types of its text, and which of them were reached. */
export class CallSites {
  readonly #reached = new Set<string>()

  /** The call under way, whose stack tells where it came from, is reached. */
  see(): void {
    const before = Error.stackTraceLimit
    Error.stackTraceLimit = 30
    const { stack = '' } = new Error('here')
    Error.stackTraceLimit = before
    for (const [, path, line] of stack.matchAll(/file:\/\/([^:)]*):(\d+):\d+/g)) {
      if (!path!.startsWith(root)) continue
      const below = path!.slice(root.length)
      if (!packages.some((name) => below.startsWith(`packages/${name}/src/`))) continue
      this.#reached.add(`${below}:${line}`)
      return
    }
  }

  /** Sites reached and not. Parses and checks the engine: takes seconds. */
  compare(): { readonly reached: readonly CallSite[]; readonly missed: readonly CallSite[] } {
    const all = findCallSites()
    const isReached = ({ place }: CallSite): boolean => this.#reached.has(place)
    return {
      reached: all.filter(isReached),
      missed: all.filter((site) => !isReached(site)),
    }
  }
}

function findCallSites(): CallSite[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${root}tsconfig.json`,
    { noEmit: true },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  )
  const files = packages.flatMap((name) => {
    const folder = `${root}packages/${name}/src/`
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/test|testing/.test(file))
      .map((file) => folder + file)
  })
  const program = ts.createProgram(files, { ...config?.options, noEmit: true })
  const checker = program.getTypeChecker()
  const sites: CallSite[] = []
  for (const file of files) {
    const source = program.getSourceFile(file)
    if (source === undefined) continue
    const visit = (node: ts.Node): void => {
      const method = ts.isCallExpression(node) ? fileMethod(node, checker) : undefined
      if (method !== undefined && !harmless.has(method)) {
        const name = (node as ts.CallExpression & { expression: ts.PropertyAccessExpression })
          .expression.name
        const { line } = source.getLineAndCharacterOfPosition(name.getStart(source))
        sites.push({ place: `${file.slice(root.length)}:${line + 1}`, method })
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return sites
}

/** `Interface.method` when the call is one of the file system's. */
function fileMethod(node: ts.CallExpression, checker: ts.TypeChecker): string | undefined {
  if (!ts.isPropertyAccessExpression(node.expression)) return undefined
  const declaration = checker.getResolvedSignature(node)?.declaration
  const owner = declaration?.parent
  if (owner === undefined || !ts.isInterfaceDeclaration(owner)) return undefined
  if (!owner.getSourceFile().fileName.includes('/vfs/')) return undefined
  const { text } = owner.name
  return interfaces.has(text) ? `${text}.${node.expression.name.text}` : undefined
}
