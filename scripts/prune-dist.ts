/** Part of `npm run build`: removes from every `dist` what was built from sources that are gone. The compiler leaves it there, and the task cache brings it back. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { publishedPackages } from './workspace.ts'

for (const { folder } of publishedPackages()) {
  const dist = join(folder, 'dist')
  if (!existsSync(dist)) continue
  for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const built = /^(.*?)(\.js|\.d\.ts)(\.map)?$/.exec(path)
    if (built !== null && !existsSync(join(folder, 'src', `${built[1]!}.ts`)))
      rmSync(join(dist, path))
  }
}
