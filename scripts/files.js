import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { ROOT } from './setup.js'

const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'coverage', '.cache'])

/**
 * Files below a folder, as paths relative to the root with forward slashes, sorted.
 * @param {string} folder relative to the root
 * @returns {string[]} empty when there is no such folder
 */
export function filesBelow(folder) {
  const path = join(ROOT, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).split(sep).join('/'))
    .sort()
}

/** Every file that is, or would be, in the repository: git's answer, or a walk where there is no git. */
export function projectFiles() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const git = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
  const files =
    git.status === 0
      ? git.stdout.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)))
      : readdirSync(ROOT, { withFileTypes: true })
          .filter((entry) => !NOT_OURS.has(entry.name))
          .flatMap((entry) => (entry.isDirectory() ? filesBelow(entry.name) : [entry.name]))
  return files.sort()
}
