import type { BenchOptions } from '../options.ts'
import type { Comparison } from '../measure.ts'
import { aggregateBenchmark } from './aggregate.ts'
import { pullBenchmark } from './pull.ts'
import { storeBenchmark } from './store.ts'

/** The short run over all layers: store, streaming aggregate, pull queries over HTTP. */
export async function smoke(options: BenchOptions): Promise<Comparison[]> {
  return [
    ...(await storeBenchmark(options)),
    ...(await aggregateBenchmark(options)),
    ...(await pullBenchmark(options)),
  ]
}
