import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

test("the example that the pipeline runs is the one in the decoder's README", () => {
  const read = (path: string): string =>
    readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')
  const example = read('internal/pipeline/examples/plain-kafkajs.ts')
  expect(read('packages/cdc-debezium/README.md')).toContain(`\`\`\`ts\n${example}\`\`\``)
})
