import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { filesBelow } from './files.js'
import { ensureInstalled, ROOT, run, say } from './setup.js'

const PAGE = 'src/dashboard/web'
const PAGE_CONFIG = `${PAGE}/vite.config.ts`
const STAMPS = join(ROOT, 'dist', '.stamps.json')

/** @typedef {'code' | 'page'} Part the compiled `src/`, or the ward page */

/**
 * Outputs of the compiler whose source is gone. The page's folder belongs to vite, which empties it itself.
 * @param {string[]} outputs paths below `dist/`
 * @param {string[]} sources paths below `src/`
 */
export function orphans(outputs, sources) {
  const stems = new Set(sources.map((file) => file.replace(/^src\//, '').replace(/\.ts$/, '')))
  return outputs.filter((file) => {
    const stem = /^dist\/(.+?)(\.js|\.js\.map|\.d\.ts)$/.exec(file)?.[1]
    return stem !== undefined && !stem.startsWith('dashboard/web/') && !stems.has(stem)
  })
}

/** @param {string[]} files @returns {string} one hash of their names and contents */
function hashOf(files) {
  const hash = createHash('sha256')
  for (const file of files) {
    if (existsSync(join(ROOT, file))) hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)))
  }
  return hash.digest('hex')
}

/** @returns {Partial<Record<Part, string>>} the hash of the sources each part was last built from */
function readStamps() {
  try {
    return JSON.parse(readFileSync(STAMPS, 'utf8'))
  } catch {
    return {} // never built, or cut off while writing: build again
  }
}

/** @param {Part} part @param {string} hash */
function stamp(part, hash) {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  writeFileSync(STAMPS, JSON.stringify({ ...readStamps(), [part]: hash }))
}

/** @param {string} name @param {string[]} args of a program in node_modules */
const tool = (name, ...args) => run(process.execPath, [join(ROOT, 'node_modules', name), ...args])

/** Compile `src/` into `dist/` when it changed since the last time. @returns {boolean} whether dist is now current */
export function buildCode() {
  const sources = filesBelow('src').filter((file) => file.endsWith('.ts') && !file.startsWith(`${PAGE}/`))
  const hash = hashOf([...sources, 'tsconfig.json', 'package-lock.json'])
  if (readStamps().code === hash) return true
  say('compiling src/ (tsc)')
  for (const file of orphans(filesBelow('dist'), sources)) rmSync(join(ROOT, file))
  const built = tool('typescript/bin/tsc', '-p', 'tsconfig.json') === 0
  if (built) stamp('code', hash)
  return built
}

/** Build the ward page when it or the language it speaks changed. @returns {boolean} whether it is now current */
export function buildPage() {
  if (!existsSync(join(ROOT, PAGE_CONFIG))) return true
  const sources = filesBelow('src').filter((file) => /^src\/(dashboard|vitals)\//.test(file))
  const hash = hashOf([...sources, 'package-lock.json'])
  if (readStamps().page === hash) return true
  say('building the ward page (vite)')
  const built = tool('vite/bin/vite.js', 'build', '--config', PAGE_CONFIG, '--logLevel', 'warn') === 0
  if (built) stamp('page', hash)
  return built
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled()
  const built = [buildCode(), buildPage()].every(Boolean)
  if (!built) say('the build failed; see the messages above')
  process.exitCode = built ? 0 : 1
}
