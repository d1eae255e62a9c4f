import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import ts from 'typescript'

/** Of the repository, with a slash at its end. */
export const rootPath: string = fileURLToPath(new URL('../../../../', import.meta.url))
/** Packages that work on files through the interface of `vfs`. */
export const searchedPackages = ['wal', 'manifest', 'sst-format', 'compaction', 'lsm-core'] as const
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
  /** File and function, which outlive changes of the lines: `packages/wal/src/log/log-writer.ts sync`. */
  readonly name: string
  /** `WritableFile.append` */
  readonly method: string
}

/** All of them. */
export function findCallSites(): CallSite[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${rootPath}tsconfig.json`,
    { noEmit: true },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  )
  const files = searchedPackages.flatMap((name) => {
    const folder = `${rootPath}packages/${name}/src/`
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
    const below = file.slice(rootPath.length)
    const visit = (node: ts.Node): void => {
      const method = ts.isCallExpression(node) ? fileMethod(node, checker) : undefined
      if (method !== undefined && !harmless.has(method)) {
        const name = (node as ts.CallExpression & { expression: ts.PropertyAccessExpression })
          .expression.name
        const { line } = source.getLineAndCharacterOfPosition(name.getStart(source))
        const place = `${below}:${line + 1}`
        sites.push({ place, name: `${below} ${functionAround(node)}`, method })
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

/** Name of the function or method that a call is in. */
function functionAround(node: ts.Node): string {
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent)
    if ((ts.isFunctionDeclaration(at) || ts.isMethodDeclaration(at)) && at.name !== undefined)
      return at.name.getText()
  return ''
}
