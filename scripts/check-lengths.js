import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectFiles } from './files.js'
import { ROOT } from './setup.js'

/** lines no file of ours may exceed */
export const LONGEST = 400

/** @param {readonly number[]} lengths @returns {number} the middle one; 0 of none */
export const median = (lengths) => lengths.toSorted((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0

/** @returns {{ file: string, lines: number }[]} our source files with their number of lines */
export function sourceLengths() {
  return projectFiles()
    .filter((file) => /^(src|scripts|bin|tests|[^/]+$)/.test(file) && /\.(ts|tsx|js|css)$/.test(file))
    .filter((file) => !file.startsWith('tests/fixtures/'))
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1 }))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lengths = sourceLengths()
  const tooLong = lengths.filter(({ lines }) => lines > LONGEST)
  for (const { file, lines } of tooLong) console.error(`${file}: ${lines} lines, more than ${LONGEST}`)
  const source = lengths.filter(({ file }) => file.startsWith('src/')).map(({ lines }) => lines)
  console.log(`lengths: src/ ${source.length} files, median ${median(source)} lines, longest ${Math.max(0, ...source)}`)
  process.exitCode = tooLong.length === 0 ? 0 : 1
}
