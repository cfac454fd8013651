import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run, say } from './setup.js'

const NAMES = /** @type {const} */ (['prometheus', 'promtool', 'prometheus-alertmanager'])

/**
 * Prometheus, promtool and Alertmanager as Debian names them; all or none.
 * @returns {Record<typeof NAMES[number], string> | undefined}
 */
export function findPrometheus() {
  if (!NAMES.every((name) => existsSync(join('/usr/bin', name)))) return undefined
  return /** @type {any} */ (Object.fromEntries(NAMES.map((name) => [name, join('/usr/bin', name)])))
}

/** Find them, or install Debian's where that is ours to do: in CI, as root. Their services are not started. */
export function ensurePrometheus() {
  const found = findPrometheus()
  const mayInstall = process.env.CI === 'true' && process.getuid?.() === 0
  if (found || !mayInstall || spawnSync('apt-get', ['--version']).status !== 0) return found
  say("no Prometheus here: installing Debian's (apt-get install prometheus prometheus-alertmanager)")
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  run('apt-get', ['update', '-qq'], env)
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'prometheus', 'prometheus-alertmanager'], env)
  return findPrometheus()
}
