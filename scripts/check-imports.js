import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync } from 'vite'
import { filesBelow } from './files.js'
import { ROOMS } from './import-rules.js'
import { ROOT } from './setup.js'

/** @typedef {import('./import-rules.js').Room} Room */

/** The nodes of a syntax tree that name another module, and the field that holds its name. */
const IMPORTS = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
])

/**
 * The modules a file names in imports, exports and dynamic imports, types included, as they are written.
 * @param {string} file its name says the language (.ts, .tsx)
 * @param {string} text
 * @returns {string[]}
 * @throws {Error} when the file does not parse
 */
export function importsOf(file, text) {
  const { program, errors } = parseSync(file, text)
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`)
  /** @type {string[]} */
  const found = []
  /** @param {any} node */
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return
    const name = IMPORTS.has(node.type) ? node.source?.value : undefined
    if (typeof name === 'string') found.push(name)
    for (const child of Array.isArray(node) ? node : Object.values(node)) visit(child)
  }
  visit(program)
  return found
}

/** @param {string} specifier @returns {string} the package a bare import belongs to */
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** @param {string} file @param {readonly Room[]} rooms */
const roomOf = (file, rooms) => rooms.find((room) => room.files.test(file))

/**
 * One sentence per import that runs the wrong way.
 * @param {ReadonlyMap<string, readonly string[]>} graph file -> what it imports, as written
 * @param {readonly Room[]} [rooms]
 * @returns {string[]}
 */
export function wrongWays(graph, rooms = ROOMS) {
  /** @type {string[]} */
  const wrong = []
  for (const [file, imports] of graph) {
    const room = roomOf(file, rooms)
    if (!room) {
      wrong.push(`${file}: belongs to no room of scripts/import-rules.js`)
      continue
    }
    for (const specifier of imports) {
      const reason = whyNot(file, room, specifier, rooms)
      if (reason) wrong.push(`${file}: ${reason}`)
    }
  }
  return wrong
}

/**
 * @param {string} file @param {Room} room @param {string} specifier @param {readonly Room[]} rooms
 * @returns {string | undefined} why the file may not import it
 */
function whyNot(file, room, specifier, rooms) {
  if (specifier.startsWith('node:')) {
    const allowed = room.node === 'any' || room.node.includes(specifier.slice('node:'.length))
    return allowed ? undefined : `${room.name} does not import ${specifier}`
  }
  if (!specifier.startsWith('.')) {
    const name = packageOf(specifier)
    const allowed = room.packages.some((entry) => entry === name || entry === `${name.split('/')[0]}/*`)
    return allowed ? undefined : `${room.name} does not import the package ${name}`
  }
  const target = posix.join(posix.dirname(file), specifier)
  if (!target.startsWith('src/')) return target === 'package.json' ? undefined : `imports ${target}, outside src/`
  const other = roomOf(target, rooms)
  if (!other) return `imports ${target}, which belongs to no room`
  const allowed =
    other === room || room.rooms.includes(other.name) || (room.rooms.includes('*') && other.name !== 'page')
  return allowed ? undefined : `${room.name} does not import ${other.name} (${target})`
}

/**
 * Import cycles, each once, as the files on the way round.
 * @param {ReadonlyMap<string, readonly string[]>} graph
 * @returns {string[][]}
 */
export function cycles(graph) {
  /** @type {string[][]} */
  const found = []
  /** @type {Set<string>} */
  const done = new Set()
  /** @type {string[]} */
  const path = []
  /** @param {string} file */
  const visit = (file) => {
    const start = path.indexOf(file)
    if (start >= 0) found.push([...path.slice(start), file])
    if (start >= 0 || done.has(file)) return
    path.push(file)
    for (const specifier of graph.get(file) ?? []) {
      if (specifier.startsWith('.')) visit(posix.join(posix.dirname(file), specifier))
    }
    path.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return found
}

/** @returns {Map<string, string[]>} every source file -> what it imports */
export function sourceGraph() {
  const sources = filesBelow('src').filter((file) => /\.tsx?$/.test(file))
  return new Map(sources.map((file) => [file, importsOf(file, readFileSync(join(ROOT, file), 'utf8'))]))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const graph = sourceGraph()
  const wrong = [...wrongWays(graph), ...cycles(graph).map((way) => `cycle: ${way.join(' -> ')}`)]
  for (const sentence of wrong) console.error(sentence)
  console.log(`imports: ${graph.size} files, ${wrong.length} wrong ways`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}
