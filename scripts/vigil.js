// A command of this checkout as the child of an npm script.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT } from './setup.js'

/**
 * Run `vigil COMMAND` with what the script was given, end when it ends, and with its exit code.
 * @param {...string} command
 * @returns {import('node:child_process').ChildProcess}
 */
export function runVigil(...command) {
  const child = spawn(process.execPath, ['bin/vigil.js', ...command, ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  // A terminal's Ctrl-C reaches it by itself; what is sent to this process alone is passed on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  })
  return child
}
