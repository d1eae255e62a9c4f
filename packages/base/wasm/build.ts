/** Compiles `kernels.as` and writes the module, as base64, into `src/wasm/kernels-module.ts`. `--check` only compares. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import asc from 'assemblyscript/asc'

const here = import.meta.dirname
const target = join(here, '..', 'src', 'wasm', 'kernels-module.ts')
const work = mkdtempSync(join(tmpdir(), 'varve-wasm-'))
try {
  // The compiler takes files with its own ending only.
  copyFileSync(join(here, 'kernels.as'), join(work, 'kernels.ts'))
  const { error, stderr } = await asc.main(
    [
      'kernels.ts',
      '--baseDir',
      work,
      '--outFile',
      'kernels.wasm',
      '--runtime',
      'stub',
      '--noAssert',
      '--enable',
      'simd',
      '--enable',
      'bulk-memory',
      '-O3',
      '--converge',
      '--initialMemory',
      '16',
      '--memoryBase',
      '81920',
      '--use',
      'abort=',
    ],
    {},
  )
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  const module = readFileSync(join(work, 'kernels.wasm'))
  const lines = module.toString('base64').match(/.{1,100}/g) ?? []
  const text = [
    '// Generated from `wasm/kernels.as` by `npm run build:wasm`; not to be edited.',
    '',
    '/** The WebAssembly module of the inner loops, base64. */',
    'export const kernelsModule: string =',
    ...lines.map((line, i) => `  '${line}'${i === lines.length - 1 ? '' : ' +'}`),
    '',
  ].join('\n')
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== text) {
      console.error('src/wasm/kernels-module.ts is not what wasm/kernels.as compiles to')
      process.exitCode = 1
    }
  } else {
    writeFileSync(target, text)
    console.log(`${module.length} bytes`)
  }
} finally {
  rmSync(work, { recursive: true })
}
