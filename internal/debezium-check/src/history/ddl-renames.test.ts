import { expect, test } from 'vitest'

import { columnRenames } from './ddl-renames.ts'

test('renames of columns are found in the text of DDL', () => {
  expect(columnRenames('ALTER TABLE t CHANGE w ww varchar(20)')).toEqual([{ from: 'w', to: 'ww' }])
  expect(columnRenames('alter table t rename column `a``b` to "c d"')).toEqual([
    { from: 'a`b', to: 'c d' },
  ])
  expect(columnRenames('ALTER TABLE t CHANGE COLUMN v v bigint, CHANGE a b int')).toEqual([
    { from: 'a', to: 'b' },
  ])
  expect(columnRenames('RENAME TABLE a TO b')).toEqual([])
})
