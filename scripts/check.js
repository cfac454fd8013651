// Every check that runs nothing of Vigil: format and lint, types, import directions, file lengths, contracts.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildCode } from './build.js'
import { ensureInstalled, ROOT, run, say } from './setup.js'

// Biome colours every character on its own, which makes a log unreadable.
const colours = process.stderr.isTTY ? 'force' : 'off'

/** @type {[name: string, program: string, ...args: string[]][]} what node runs, from the root */
const CHECKS = [
  ['format and lint', 'node_modules/@biomejs/biome/bin/biome', 'ci', '--log-level=warn', `--colors=${colours}`],
  ['types of scripts and tests', 'node_modules/typescript/bin/tsc', '-p', 'tests/tsconfig.json'],
  ['types of the ward page', 'node_modules/typescript/bin/tsc', '-p', 'src/dashboard/web/tsconfig.json', '--noEmit'],
  ['import directions', 'scripts/check-imports.js'],
  ['file lengths', 'scripts/check-lengths.js'],
  ['contracts', 'scripts/contracts.js', '--check'],
]

/** Run every check, whatever the others say. The code must be built. @returns {string[]} the names of those that failed */
export function staticChecks() {
  const failed = CHECKS.filter(([name, program, ...args]) => {
    const project = args[args.indexOf('-p') + 1]
    if (args.includes('-p') && project && !existsSync(join(ROOT, project))) return false
    const started = Date.now()
    const ok = run(process.execPath, [program, ...args]) === 0
    say(`${ok ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
    return !ok
  })
  return failed.map(([name]) => name)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled()
  const failed = [...(buildCode() ? [] : ['build']), ...staticChecks()]
  process.exitCode = failed.length === 0 ? 0 : 1
}
