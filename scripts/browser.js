import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { run, say } from './setup.js'

/** Where Chromium and its relatives usually are, on Linux, macOS and Windows. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** @param {string} path */
function canRun(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The Chromium that the browser tests drive: `CHROMIUM_PATH` when it is set, else the first at a usual place.
 * @param {Record<string, string | undefined>} [env]
 * @returns {string | undefined}
 */
export function findChromium(env = process.env) {
  if (env.CHROMIUM_PATH) return canRun(env.CHROMIUM_PATH) ? env.CHROMIUM_PATH : undefined
  return PLACES.find(canRun)
}

/**
 * Find Chromium, or install Debian's where that is ours to do: in CI, as root.
 * @returns {string | undefined}
 */
export function ensureChromium() {
  const found = findChromium()
  const mayInstall = process.env.CI === 'true' && process.getuid?.() === 0 && !process.env.CHROMIUM_PATH
  if (found || !mayInstall || spawnSync('apt-get', ['--version']).status !== 0) return found
  say("no Chromium here: installing Debian's (apt-get install chromium)")
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-qq'], env)
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], env)
  return findChromium()
}
