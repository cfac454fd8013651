// `npm run engines`: what the trainer's fast engines need beyond `npm ci`, set up once in the cache folder from npm, PyPI and,
// as root in CI, Debian. Run again it finds everything there.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureChromium } from './browser.js'
import { buildCode } from './build.js'
import { ensureInstalled, ROOT, run, say } from './setup.js'

/** A folder that was being made when its maker died is swept after this long. */
const STALE_MS = 60 * 60_000

/** Takes members of a wheel out of it: path of the wheel, folder, prefixes. */
const UNPACK = `
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
for name in wheel.namelist():
    if name.startswith(tuple(sys.argv[3:])): wheel.extract(name, sys.argv[2])
`

/**
 * Set up both engines; the code must be built.
 * @returns {Promise<{ engine: string, refusal: string | undefined }[]>} why an engine cannot be had here
 */
export async function ensureEngines() {
  const { ENGINE_FOLDERS, TENSORFLOW_WHEEL } = await fromDist('training/engines/folders.js')
  const { cacheFolder } = await fromDist('cache-folder.js')
  const cache = cacheFolder(process.env)
  const found = []
  for (const wanted of ENGINE_FOLDERS) {
    const { engine, folder } = wanted
    let refusal
    try {
      const dir = join(cache, folder)
      if (!existsSync(dir)) await make(dir, wanted, TENSORFLOW_WHEEL)
      if (engine === 'webgpu') ensureChromium() // its SwiftShader plays the GPU where there is none
      refusal = tried(engine)
    } catch (error) {
      refusal = error instanceof Error ? error.message : String(error)
    }
    found.push({ engine, refusal })
  }
  return found
}

/**
 * @param {string} dir
 * @param {{ engine: string, packages: Record<string, string> }} wanted
 * @param {{ name: string, version: string, python: string }} wheel
 */
async function make(dir, { engine, packages }, wheel) {
  mkdirSync(dirname(dir), { recursive: true })
  sweep(dirname(dir))
  const part = `${dir}.part-${process.pid}`
  try {
    mkdirSync(part)
    const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`)
    say(`engine ${engine}: setting up ${names.join(', ')} in ${dir}; this happens once`)
    writeFileSync(join(part, 'package.json'), '{ "private": true }\n')
    must('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...names], part)
    if (engine === 'tensorflow') linkTensorflow(part, wheel)
    renameSync(part, dir)
  } catch (error) {
    // another process may have been faster
    if (!existsSync(dir)) throw error
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}

/**
 * TensorFlow.js' binding, compiled against the C library in Python's wheel. Its own install would download that library.
 * @param {string} part
 * @param {{ name: string, version: string, python: string }} wheel
 */
function linkTensorflow(part, { name, version, python }) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`this set-up is for Linux on x64, here is ${process.platform} on ${process.arch}`)
  }
  ensureCompiler()
  const abi = `cp${python.replace('.', '')}`
  const platforms = ['manylinux_2_17_x86_64', 'manylinux2014_x86_64'].flatMap((it) => ['--platform', it])
  const only = ['--python-version', python, '--implementation', 'cp', '--abi', abi, ...platforms]
  must('python3', ['-m', 'pip', 'download', '-q', '--no-deps', '--only-binary=:all:', ...only, '-d', 'wheel', `${name}==${version}`], part) // biome-ignore format: one command
  const file = readdirSync(join(part, 'wheel')).find((it) => it.endsWith('.whl'))
  const members = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/', 'include/tensorflow/core/platform/', 'include/tsl/', 'include/xla/tsl/'] // biome-ignore format: one list
  must('python3', ['-c', UNPACK, join('wheel', file ?? ''), 'unpacked', ...members.map((it) => `tensorflow/${it}`)], part) // biome-ignore format: one command
  const home = join(part, 'node_modules/@tensorflow/tfjs-node')
  const deps = join(home, 'deps')
  mkdirSync(join(deps, 'lib'), { recursive: true })
  mkdirSync(join(home, 'lib/napi-v8'), { recursive: true })
  for (const library of members.slice(0, 2)) {
    renameSync(join(part, 'unpacked/tensorflow', library), join(deps, 'lib', library))
  }
  renameSync(join(part, 'unpacked/tensorflow/include'), join(deps, 'include'))
  const headers = join(part, 'node_modules/node-api-headers/include')
  const libraries = members.slice(0, 2).map((it) => `-l:${it}`)
  must(
    'g++',
    [
      ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
      ...[join(deps, 'include'), headers, join(home, 'binding')].map((it) => `-I${it}`),
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'].map((it) => join(home, it)),
      ...['-o', join(home, 'lib/napi-v8/tfjs_binding.node'), `-L${join(deps, 'lib')}`, ...libraries],
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    part,
  )
  for (const done of ['wheel', 'unpacked', 'node_modules/@tensorflow/tfjs-node/deps/include']) {
    rmSync(join(part, done), { recursive: true })
  }
}

/** A C++ compiler, installed where that is ours to do: in CI, as root. */
function ensureCompiler() {
  if (spawnSync('g++', ['--version']).status === 0) return
  if (process.env.CI === 'true' && process.getuid?.() === 0) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    run('apt-get', ['update', '-qq'], env)
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'g++'], env)
  }
  if (spawnSync('g++', ['--version']).status !== 0) throw new Error('no C++ compiler (g++) is here')
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 */
function must(program, args, cwd) {
  const { status, error, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (error) throw new Error(`${program} did not start: ${error.message}`)
  if (status === 0) return
  const last = stderr.trim().split('\n').at(-1) ?? ''
  throw new Error(`${program} ${args[0]} ended with ${status}: ${last}`)
}

/**
 * An engine is there when it trains: tried in a process of its own, for a driver may end one.
 * @param {string} engine
 * @returns {string | undefined} why it does not train
 */
function tried(engine) {
  const file = pathToFileURL(join(ROOT, 'dist/training/engine.js')).href
  const probe = pathToFileURL(join(ROOT, 'dist/training/engines/probe.js')).href
  const code = `const { openTrainingEngine } = await import('${file}'); const { updatesPerSecond } = await import('${probe}')
    try { await openTrainingEngine('${engine}'); await updatesPerSecond(1) } catch (error) { console.error(error.message); process.exit(1) }
    process.exit(0)`
  const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status === 0) return undefined
  return stderr.trim().split('\n').at(-1) || `its process ended with ${signal ?? status}`
}

/** @param {string} cache */
function sweep(cache) {
  for (const name of readdirSync(cache).filter((it) => /^(tensorflow|webgpu)-.*\.part-\d+$/.test(it))) {
    const path = join(cache, name)
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) rmSync(path, { recursive: true, force: true })
  }
}

/** @param {string} file */
const fromDist = async (file) => await import(pathToFileURL(join(ROOT, 'dist', file)).href)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled()
  if (!buildCode()) process.exit(1)
  const found = await ensureEngines()
  for (const { engine, refusal } of found) {
    say(refusal === undefined ? `engine ${engine} trains` : `engine ${engine} does not train here: ${refusal}`)
  }
  process.exitCode = found.every(({ refusal }) => refusal === undefined) ? 0 : 1
}
