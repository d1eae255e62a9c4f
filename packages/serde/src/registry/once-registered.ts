/** A registration that is made once for all who ask for it; one that failed is made anew for the next who asks. */
export function onceRegistered(register: () => Promise<void>): () => Promise<void> {
  let registering: Promise<void> | undefined
  return () => {
    registering ??= register().catch((error: unknown) => {
      registering = undefined
      throw error
    })
    return registering
  }
}
