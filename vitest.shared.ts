import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests run on the sources: the condition picks `src` in every exports map, so nothing needs building first. */
const shared: ViteUserConfig = defineConfig({
  resolve: { conditions: ['@varve/source'] },
  ssr: { resolve: { conditions: ['@varve/source'] } },
  test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'], testTimeout: 30_000 },
})

export default shared
