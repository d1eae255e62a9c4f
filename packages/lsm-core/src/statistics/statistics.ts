import { InvalidOptionError } from '@varve/base'

import { Histogram, type HistogramData } from './histogram.ts'
import { histogram, histogramNames, type HistogramName } from './histogram-names.ts'
import { ticker, tickerNames, type TickerName } from './ticker.ts'

interface Source {
  readonly read: () => number
  /** What it read when it was added, or was reset. */
  base: number
}

/**
 * Counters and distributions of what databases do, under RocksDB's names. Give one to `DBOptions.statistics`, of one
 * database or of several; without one nothing is counted and no clock is read.
 *
 * @example
 * ```ts
 * const statistics = new Statistics()
 * await using db = await DB.open('/tmp/testdb', { createIfMissing: true, statistics })
 * await db.get('a')
 * statistics.getTickerCount('rocksdb.number.keys.read') // 1
 * statistics.getHistogramData('rocksdb.db.get.micros').percentile99
 * ```
 */
export class Statistics {
  readonly #tickers = new Float64Array(tickerNames.length)
  readonly #histograms = histogramNames.map(() => new Histogram())
  readonly #sources = new Map<number, Set<Source>>()

  /** @throws InvalidOptionError for a name that is not known */
  getTickerCount(name: TickerName): number {
    const at = indexOf(ticker, name)
    let count = this.#tickers[at]!
    for (const { read, base } of this.#sources.get(at) ?? []) count += read() - base
    return count
  }

  /** {@link getTickerCount} that starts again from 0. */
  getAndResetTickerCount(name: TickerName): number {
    const count = this.getTickerCount(name)
    const at = indexOf(ticker, name)
    this.#tickers[at] = 0
    for (const source of this.#sources.get(at) ?? []) source.base = source.read()
    return count
  }

  /** @throws InvalidOptionError for a name that is not known */
  getHistogramData(name: HistogramName): HistogramData {
    return this.#histograms[indexOf(histogram, name)]!.data
  }

  /** One line for each counter and distribution, as RocksDB prints them. */
  toString(): string {
    const lines = tickerNames.map((name) => `${name} COUNT : ${this.getTickerCount(name)}`)
    for (const name of histogramNames) {
      const data = this.getHistogramData(name)
      const part = (value: number): string => value.toFixed(6)
      lines.push(
        `${name} P50 : ${part(data.median)} P95 : ${part(data.percentile95)} P99 : ${part(data.percentile99)} ` +
          `P100 : ${part(data.max)} COUNT : ${data.count} SUM : ${data.sum}`,
      )
    }
    return `${lines.join('\n')}\n`
  }

  /** Everything starts again from 0. */
  reset(): void {
    for (const name of tickerNames) this.getAndResetTickerCount(name)
    for (const one of this.#histograms) one.reset()
  }

  /** Hot. Adds to the counter at a place of {@link ticker}. @internal */
  count(at: number, by: number = 1): void {
    this.#tickers[at] = this.#tickers[at]! + by
  }

  /** Hot. Adds to the distribution at a place of {@link histogram}. @internal */
  measure(at: number, value: number): void {
    this.#histograms[at]!.add(value)
  }

  /** Counts what `read` grows by from now on, until the returned function is called. @internal */
  observe(at: number, read: () => number): () => void {
    const source: Source = { read, base: read() }
    const sources = this.#sources.get(at) ?? new Set()
    this.#sources.set(at, sources.add(source))
    return () => {
      if (sources.delete(source)) this.count(at, source.read() - source.base)
    }
  }
}

function indexOf(places: Readonly<Record<string, number>>, name: string): number {
  const at = places[name]
  if (at === undefined) throw new InvalidOptionError('statistics', `"${name}" is not counted`)
  return at
}
