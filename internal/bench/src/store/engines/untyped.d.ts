// Packages without types; the engines say what they use of them.
declare module 'better-sqlite3' {
  const database: unknown
  export default database
}
declare module '@nxtedition/rocksdb' {
  export const RocksLevel: unknown
}
