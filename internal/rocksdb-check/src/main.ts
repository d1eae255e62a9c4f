import { parseArgs } from 'node:util'

import { messageOf } from '@varve/base'

import { collectCases } from './cases.ts'

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    only: { type: 'string' },
    failures: { type: 'boolean', default: false },
  },
})

if (values.dir === undefined) {
  console.error('usage: npm run check:rocksdb -- --dir DIRECTORY [--only TEXT] [--failures]')
  process.exit(2)
}

const cases = (await collectCases(values.dir)).filter(({ name }) =>
  values.only === undefined ? true : name.includes(values.only),
)
let passed = 0
let failed = 0
for (const { name, run } of cases) {
  const position = `[${passed + failed + 1}/${cases.length}]`
  try {
    await run()
    passed++
    if (!values.failures) console.log(`${position} ok   ${name}`)
  } catch (error) {
    failed++
    console.log(`${position} FAIL ${name}: ${messageOf(error)}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || cases.length === 0 ? 1 : 0
