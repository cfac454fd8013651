// `npm run bench`: every bench of this checkout, and its results into docs/bench/; arguments go to `vigil bench all`.
import { buildCode } from './build.js'
import { ensureInstalled, say } from './setup.js'
import { runVigil } from './vigil.js'

ensureInstalled()
if (!buildCode()) {
  say('the build failed; see the messages above')
  process.exit(1)
}

runVigil('bench', 'all', '--out', 'docs/bench')
