/** `npm run new-package NAME`: the skeleton of a package, with the parts every package has. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { repositoryRoot } from './workspace.ts'

const name = process.argv[2]
if (name === undefined || !/^[a-z][a-z0-9-]*$/.test(name)) {
  console.error('usage: npm run new-package NAME   (lower case letters, digits and dashes)')
  process.exit(2)
}
const folder = join(repositoryRoot, 'packages', name)
if (existsSync(folder)) {
  console.error(`packages/${name} exists`)
  process.exit(1)
}

const json = (value: unknown): string => JSON.stringify(value, null, 2) + '\n'
const files: Record<string, string> = {
  'package.json': json({
    name: `@varve/${name}`,
    version: '0.0.0',
    description: '',
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=24' },
    sideEffects: false,
    exports: {
      '.': {
        '@varve/source': './src/index.ts',
        types: './dist/index.d.ts',
        default: './dist/index.js',
      },
      './package.json': './package.json',
    },
    files: ['dist', '!dist/.tsbuildinfo', 'src', '!src/**/*.test.ts'],
    scripts: { build: 'tsc -b' },
  }),
  'tsconfig.json': json({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    exclude: ['src/**/*.test.ts'],
    references: [],
  }),
  'vitest.config.ts': `import { defineProject, mergeConfig } from 'vitest/config'

import shared from '../../vitest.shared.ts'

export default mergeConfig(shared, defineProject({ test: { name: '${name}' } }))
`,
  'src/index.ts': '/**\n *\n *\n * @packageDocumentation\n */\nexport {}\n',
  'README.md': `# @varve/${name}\n`,
}
mkdirSync(join(folder, 'src'), { recursive: true })
for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
copyFileSync(join(repositoryRoot, 'LICENSE'), join(folder, 'LICENSE'))

console.log(
  `packages/${name} is there. Next: its line in .dependency-cruiser.cjs and in ARCHITECTURE.md, then \`npm install\`.`,
)
