/** Cases that fail, each with its reason. The list must stay equal to what happens: a case that passes is taken off. */
export const KNOWN_FAILURES: ReadonlyMap<string, string> = new Map([
  ['db-2pc/content', 'two-phase commit is not replayed'],
  ['db-backup/content', 'backups are not restored'],
  ['db-blob/content', 'blob files are not read'],
  ['db-wal-dir/content', 'logs outside the database directory are not looked for'],
])
