import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests run on the sources: the condition picks `src` in every exports map, so nothing needs building first. */
const shared: ViteUserConfig = defineConfig({
  resolve: { conditions: ['@varve/source'] },
  ssr: { resolve: { conditions: ['@varve/source'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Only what hangs should meet these: on two cores with other work, a test takes many times what it takes alone.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
})

export default shared
