// `npm run kafka`: everything a fresh clone needs, then a broker with the topics of Vigil and a ward that sends readings.
import { buildCode } from './build.js'
import { ensureInstalled, say } from './setup.js'
import { runVigil } from './vigil.js'

ensureInstalled()
if (!buildCode()) {
  say('the build failed; see the messages above')
  process.exit(1)
}

runVigil('kafka')
