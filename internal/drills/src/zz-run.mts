import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, existsSync } from 'node:fs'
const dir = '/tmp/varve-runtime/drill'
const child = new URL('./engine/engine-child.ts', import.meta.url).pathname
async function run(mode: string, life?: number): Promise<{code: number|null, out: string}> {
  const p = spawn(process.execPath, ['--conditions=@varve/source', child, dir, mode], { stdio: ['ignore','pipe','inherit'] })
  let out = ''; let verified!: () => void
  const ready = new Promise<void>((r) => (verified = r))
  p.stdout.on('data', (d) => { out += d; if (out.includes('verified')) verified() })
  const ended = once(p, 'exit')
  if (life !== undefined) { await Promise.race([ready, ended]); await new Promise((r) => setTimeout(r, life)); p.kill('SIGKILL') }
  const [code] = await ended
  return { code: code as number|null, out }
}
for (let round = 0; round < 4; round++) {
  rmSync(dir, { recursive: true, force: true })
  for (let i = 0; i < 2; i++) { const r = await run('load', 300 + Math.random() * 1200); console.log(round, i, r.code, r.out.trim().slice(0, 200)) }
  const r = await run('finish'); console.log(round, 'finish', r.code, r.out.trim().slice(0, 400))
  if (r.code !== 0) process.exit(1)
}
