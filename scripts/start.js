// `npm start`: everything a fresh clone needs, then the demonstration ward.
import { buildCode, buildPage } from './build.js'
import { ensureInstalled, say } from './setup.js'
import { runVigil } from './vigil.js'

ensureInstalled()
if (!buildCode() || !buildPage()) {
  say('the build failed; see the messages above')
  process.exit(1)
}

runVigil('demo')
