/** Name of the number that holds an input's position, `<topic>-<partition>`: next offset not contained in the state. */
export function inputNumber(partition: string): string {
  return `i/${partition}`
}

/** Name of the number that holds the position of a store's changelog that the state contains. */
export function changelogNumber(store: string): string {
  return `c/${store}`
}

/** Name of a number that operators of a task share. */
export function sharedNumber(name: string): string {
  return `t/shared/${name}`
}

/** Name of an operator's own number. */
export function nodeNumber(node: string, name: string): string {
  return `t/node/${node}/${name}`
}

/** Name of the number that the next of several equal rows of a store gets. */
export function sequenceNumber(store: string): string {
  return `t/sequence/${store}`
}
