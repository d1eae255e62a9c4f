/** Options every benchmark takes. */
export interface BenchOptions {
  readonly rounds: number
  readonly progress: (line: string) => void
}
