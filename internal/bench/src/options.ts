/** Options every benchmark takes. */
export interface BenchOptions {
  readonly rounds: number
  readonly progress: (line: string) => void
  /** Size of the data, for benchmarks that can be smaller or larger. */
  readonly entries?: number
  /** Where databases and samples are kept; given again, a run that was ended goes on. Default: a temporary one. */
  readonly directory?: string
  /** Rows to run. Default: all. */
  readonly workloads?: readonly string[]
  /** Peers to run beside us; `targets`: in each row those that its targets name. Default: all that are there. */
  readonly peers?: readonly string[]
}
