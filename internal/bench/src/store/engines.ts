import type { StoreEngine } from './engine.ts'

/** Loaded when asked for: some are native, and one that does not load must not stop the others. */
const loaders: Readonly<Record<string, () => Promise<StoreEngine>>> = {
  varve: async () => (await import('./engines/varve.ts')).varve,
}

/** Names of all engines that run inside Node; ours first. */
export const engineNames: readonly string[] = Object.keys(loaders)

export async function engineNamed(name: string): Promise<StoreEngine> {
  const load = loaders[name]
  if (load === undefined) throw new Error(`no engine "${name}"`)
  return load()
}
