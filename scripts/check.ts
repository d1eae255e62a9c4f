/** `npm run check`: everything about the sources that is not a test. */
import { runSteps } from './steps.ts'

process.exitCode = runSteps([
  { name: 'format', command: 'prettier', args: ['--check', '.', '--log-level', 'warn'] },
  { name: 'lock file', command: 'node', args: ['scripts/complete-lock.ts', '--check'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'build', command: 'npm', args: ['run', '--silent', 'build'] },
  { name: 'types, tests included', command: 'tsc', args: ['--project', 'tsconfig.json'] },
  {
    name: 'direction of imports',
    command: 'depcruise',
    args: ['packages', 'internal', '--config', '.dependency-cruiser.cjs'],
  },
  {
    name: 'unused code and dependencies',
    command: 'knip',
    args: ['--treat-config-hints-as-errors'],
  },
  { name: 'published packages', command: 'node', args: ['scripts/check-packages.ts'] },
  { name: 'docs', command: 'npm', args: ['run', '--silent', 'docs'] },
])
