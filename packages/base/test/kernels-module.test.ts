import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { test } from 'vitest'

test('the embedded WebAssembly module is what its source compiles to', { timeout: 180_000 }, () => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../wasm/build.ts'), '--check'])
})
