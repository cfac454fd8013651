// `npm run bench`: every bench of this checkout, its results into docs/bench/, and the table of sizes that follows from them into
// docs/scale.md; arguments go to `vigil bench all`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildCode } from './build.js'
import { ensureInstalled, ROOT, run, say } from './setup.js'
import { runVigil } from './vigil.js'

ensureInstalled()
if (!buildCode()) {
  say('the build failed; see the messages above')
  process.exit(1)
}

runVigil('bench', 'all', '--out', 'docs/bench').on('exit', (code) => {
  if (code === 0 && existsSync(join(ROOT, 'docs/bench/latest.json')))
    run(process.execPath, ['bin/vigil.js', 'bench', 'scale', '--page', 'docs/scale.md'])
})
