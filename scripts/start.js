// `npm start`: everything a fresh clone needs, then the demonstration ward.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { buildCode, buildPage } from './build.js'
import { ensureInstalled, ROOT, say } from './setup.js'

ensureInstalled()
if (!buildCode() || !buildPage()) {
  say('the build failed; see the messages above')
  process.exit(1)
}

const demo = spawn(process.execPath, ['bin/vigil.js', 'demo', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
})
// A terminal's Ctrl-C reaches the demo by itself; what is sent to this process alone is passed on.
process.on('SIGINT', () => process.stdin.isTTY || demo.kill('SIGINT'))
process.on('SIGTERM', () => demo.kill('SIGTERM'))
demo.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
})
