/** Runs `work` and returns the bytes of the typed arrays and buffers that it made by length. */
export function countAllocations(work: () => void): number {
  const real = globalThis.Uint8Array
  let bytes = 0
  const counting: typeof Uint8Array = new Proxy(real, {
    construct(target, args: unknown[], newTarget: NewableFunction): Uint8Array {
      if (typeof args[0] === 'number') bytes += args[0]
      const made = newTarget === counting ? target : newTarget
      return Reflect.construct(target, args, made) as Uint8Array
    },
  })
  globalThis.Uint8Array = counting
  try {
    work()
  } finally {
    globalThis.Uint8Array = real
  }
  return bytes
}
