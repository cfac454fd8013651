import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** the repository's root */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** @param {string} line progress of a script, on standard error so that standard output stays the command's */
export const say = (line) => process.stderr.write(`[vigil] ${line}\n`)

/**
 * Run a program in the repository's root, its output on this terminal.
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} [env] beside the inherited environment
 * @returns {number} its exit code; 1 when a signal ended it or it could not start
 */
export function run(program, args, env = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) say(`${program} did not start: ${error.message}`)
  return status ?? 1
}

/**
 * Whether a Node version satisfies the floor of package.json's `engines`, which has the form `>=MAJOR.MINOR`.
 * @param {string} version such as `20.19.1`
 * @param {string} range such as `>=20.19`
 */
export function satisfies(version, range) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [floorMajor = 0, floorMinor = 0] = range.replace('>=', '').split('.').map(Number)
  return major > floorMajor || (major === floorMajor && minor >= floorMinor)
}

/**
 * Whether what is installed is what the lock file says: our stamp holds the lock file's hash, or npm itself finished an
 * install after the lock file was written.
 * @param {{ lock: string, stamp: string | undefined, lockTime: number, installTime: number | undefined }} found
 */
export function installIsCurrent({ lock, stamp, lockTime, installTime }) {
  if (installTime === undefined) return false
  return stamp === lock || installTime >= lockTime
}

/** Node is new enough and node_modules is what the lock file says; ends the process with a sentence otherwise. */
export function ensureInstalled() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  if (!satisfies(process.versions.node, engines.node)) {
    say(`Node ${engines.node} is needed; this is ${process.versions.node}. Install it from https://nodejs.org/`)
    process.exit(1)
  }
  const lockFile = join(ROOT, 'package-lock.json')
  const stampFile = join(ROOT, 'node_modules', '.vigil-lock')
  const installed = join(ROOT, 'node_modules', '.package-lock.json') // npm writes it when an install is complete
  const lock = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  const current = installIsCurrent({
    lock,
    stamp: existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined,
    lockTime: statSync(lockFile).mtimeMs,
    installTime: existsSync(installed) ? statSync(installed).mtimeMs : undefined,
  })
  if (current) return
  say('installing what package-lock.json lists (npm ci); this happens once')
  const started = Date.now()
  // Builds need the development dependencies whatever NODE_ENV says; onnxruntime's CUDA download stays off (.npmrc).
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund']
  const npm = process.env.npm_execpath // under yarn or pnpm this is not npm
  const env = { ONNXRUNTIME_NODE_INSTALL: 'skip' }
  const code = npm?.endsWith('npm-cli.js') ? run(process.execPath, [npm, ...args], env) : run('npm', args, env)
  if (code !== 0) {
    say(`npm ci failed with exit code ${code}; see its messages above`)
    process.exit(code)
  }
  writeFileSync(stampFile, lock)
  say(`installed in ${((Date.now() - started) / 1000).toFixed(0)} s`)
}
