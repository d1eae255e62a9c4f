/** Name of the number that holds an input's position, `<topic>-<partition>`: next offset not contained in the state. */
export function inputNumber(partition: string): string {
  return `i/${partition}`
}

/** Name of the number that holds the position of a store's changelog that the state contains. */
export function changelogNumber(store: string): string {
  return `c/${store}`
}
