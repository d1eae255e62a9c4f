/**
 * Data-driven golden files: one text file per subject, re-run and compared, rewritten on demand.
 *
 * @packageDocumentation
 */
export { describeGolden, type GoldenRunner } from './describe-golden.ts'
export { formatGoldenFile, parseGoldenFile, type GoldenCase } from './golden-file.ts'
