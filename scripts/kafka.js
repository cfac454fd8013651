// `npm run kafka`: everything a fresh clone needs, then a broker with the topics of Vigil and a ward that sends readings.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { buildCode } from './build.js'
import { ensureInstalled, ROOT, say } from './setup.js'

ensureInstalled()
if (!buildCode()) {
  say('the build failed; see the messages above')
  process.exit(1)
}

const kafka = spawn(process.execPath, ['bin/vigil.js', 'kafka', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
})
// A terminal's Ctrl-C reaches it by itself; what is sent to this process alone is passed on.
process.on('SIGINT', () => process.stdin.isTTY || kafka.kill('SIGINT'))
process.on('SIGTERM', () => kafka.kill('SIGTERM'))
kafka.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
})
