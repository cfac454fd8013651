import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { VigilError } from '../errors.ts'
import { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { GoldenSteps, ModelManifest } from '../vitals/manifest.ts'
import { ReconstructorManifest } from '../vitals/reconstructor-manifest.ts'
import { checkClassifierSizes, checkReconstructorSizes, checkSizes } from './manifest-sizes.ts'
import { readAliases } from './registry/aliases.ts'
import { invalid, parseJson } from './registry/parse.ts'
import { sha256 } from './registry/versions.ts'

/** A forecaster's manifest, or another's, which says so by its `task`. */
export type AnyManifest = ModelManifest | ClassifierManifest | ReconstructorManifest

/** One model version, checked: its bytes are those it was registered with. */
export interface ModelBundle<M extends AnyManifest = ModelManifest> {
  /** folder of the version */
  readonly dir: string
  readonly manifest: M
  readonly golden: GoldenSteps
  /** bytes of model.onnx */
  readonly onnx: Uint8Array
}

export interface ListedModel {
  readonly name: string
  readonly version: string
  /** names the registry gives this version: `champion`, ... */
  readonly aliases: readonly string[]
  readonly dir: string
}

/** Files a version must have, besides SHA256SUMS itself, which may list more. */
const FILES = ['model.onnx', 'manifest.json', 'golden.json', 'card.md', 'metrics.json'] as const
const WORD = /^[a-z0-9][a-z0-9.-]{0,39}$/

/**
 * Every version in the registry, by name and version; nothing of them is opened.
 * @throws VigilError manifest-invalid when aliases.json does not fit its schema
 */
export async function listModels(dir: string): Promise<ListedModel[]> {
  const aliases = await readAliases(dir)
  const models: ListedModel[] = []
  for (const name of await folders(dir)) {
    for (const version of await folders(join(dir, name))) {
      const names = Object.entries(aliases[name] ?? {}).filter(([, target]) => target === version)
      models.push({ name, version, aliases: names.map(([alias]) => alias), dir: join(dir, name, version) })
    }
  }
  return models
}

/** A forecaster, opened and checked as `openAnyModel` does. @throws VigilError as that; manifest-invalid for a classifier */
export async function openModel(dir: string, id: string): Promise<ModelBundle> {
  const bundle = await openAnyModel(dir, id)
  if (isForecaster(bundle)) return bundle
  throw wrongTask(bundle, 'forecaster')
}

/** A classifier, opened and checked as `openAnyModel` does. @throws VigilError as that; manifest-invalid for a forecaster */
export async function openClassifier(dir: string, id: string): Promise<ModelBundle<ClassifierManifest>> {
  const bundle = await openAnyModel(dir, id)
  if (isClassifier(bundle)) return bundle
  throw wrongTask(bundle, 'classifier')
}

/** A reconstructor, opened and checked as `openAnyModel` does. @throws VigilError as that; manifest-invalid for others */
export async function openReconstructor(dir: string, id: string): Promise<ModelBundle<ReconstructorManifest>> {
  const bundle = await openAnyModel(dir, id)
  if (isReconstructor(bundle)) return bundle
  throw wrongTask(bundle, 'reconstructor')
}

const KINDS = { forecast: 'forecaster', classify: 'classifier', reconstruct: 'reconstructor' } as const

const taskOf = ({ manifest }: ModelBundle<AnyManifest>): keyof typeof KINDS =>
  'task' in manifest ? manifest.task : 'forecast'

function wrongTask(bundle: ModelBundle<AnyManifest>, wanted: string): VigilError {
  const found = KINDS[taskOf(bundle)]
  return invalid(join(bundle.dir, 'manifest.json'), `task: is of a ${found}, where a ${wanted} is needed`)
}

export const isClassifier = (bundle: ModelBundle<AnyManifest>): bundle is ModelBundle<ClassifierManifest> =>
  taskOf(bundle) === 'classify'
export const isReconstructor = (bundle: ModelBundle<AnyManifest>): bundle is ModelBundle<ReconstructorManifest> =>
  taskOf(bundle) === 'reconstruct'
export const isForecaster = (bundle: ModelBundle<AnyManifest>): bundle is ModelBundle => taskOf(bundle) === 'forecast'

/**
 * Open one version of a model and check it: every file against SHA256SUMS, the manifest and golden steps against their
 * schemas, the graph against the manifest.
 * @param id NAME (its champion), NAME@VERSION or NAME@ALIAS
 * @throws VigilError model-not-found, model-corrupt, manifest-invalid
 */
export async function openAnyModel(dir: string, id: string): Promise<ModelBundle<AnyManifest>> {
  const { name, version } = await resolve(dir, id)
  const folder = join(dir, name, version)
  const files = await readChecked(folder)
  const manifest = parseManifest(text(files, 'manifest.json'), join(folder, 'manifest.json'))
  if (manifest.name !== name || manifest.version !== version) {
    throw invalid(
      join(folder, 'manifest.json'),
      `is of ${manifest.name}@${manifest.version}, filed as ${name}@${version}`,
    )
  }
  const onnx = files.get('model.onnx')!
  if (sha256(onnx) !== manifest.graph.sha256) {
    throw new VigilError('model-corrupt', 'model.onnx is not the graph of the manifest (graph.sha256)', {
      place: join(folder, 'model.onnx'),
    })
  }
  const golden = parseJson(GoldenSteps, text(files, 'golden.json'), join(folder, 'golden.json'))
  if (!('task' in manifest)) checkSizes(manifest, golden, folder)
  else if (manifest.task === 'classify') checkClassifierSizes(manifest, golden, folder)
  else checkReconstructorSizes(manifest, golden, folder)
  return { dir: folder, manifest, golden, onnx }
}

async function resolve(dir: string, id: string): Promise<{ name: string; version: string }> {
  const [name = '', wanted = 'champion', ...more] = id.split('@')
  if (!WORD.test(name) || !WORD.test(wanted) || more.length > 0) {
    throw new VigilError('model-not-found', `"${id}" is no model; models are named NAME or NAME@VERSION`, { place: id })
  }
  const version = (await readAliases(dir))[name]?.[wanted] ?? wanted
  const versions = await folders(join(dir, name))
  if (versions.includes(version)) return { name, version }
  const known = versions.length === 0 ? 'no version of it' : `only ${versions.join(', ')}`
  throw new VigilError('model-not-found', `the registry has no ${name}@${version}, ${known}`, { place: dir })
}

async function folders(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && WORD.test(entry.name)) // not what is being written
      .map(({ name }) => name)
      .sort()
  } catch {
    return []
  }
}

/** The files of a version, each equal to its line in SHA256SUMS (the format of coreutils' sha256sum). */
async function readChecked(folder: string): Promise<Map<string, Uint8Array>> {
  const sums = new Map<string, string>()
  for (const line of (await readBytes(folder, 'SHA256SUMS')).toString('utf8').split('\n')) {
    const match = /^([0-9a-f]{64}) [ *]([\w.-]+)$/.exec(line)
    if (match) sums.set(match[2]!, match[1]!)
  }
  const files = new Map<string, Uint8Array>()
  for (const file of new Set([...FILES, ...sums.keys()])) {
    const place = join(folder, file)
    const bytes = await readBytes(folder, file)
    const sum = sums.get(file)
    if (sum === undefined) throw new VigilError('model-corrupt', `SHA256SUMS does not list ${file}`, { place })
    const found = sha256(bytes)
    if (found !== sum) {
      const message = `${file} (${bytes.length} bytes) has checksum ${found.slice(0, 12)}…, registered ${sum.slice(0, 12)}…`
      throw new VigilError('model-corrupt', message, { place })
    }
    files.set(file, bytes)
  }
  return files
}

async function readBytes(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, file))
  } catch (cause) {
    throw new VigilError('model-corrupt', `${file} is missing`, { place: join(folder, file), cause })
  }
}

/** By its `task`, so that what is wrong is said in the words of one schema. */
function parseManifest(json: string, place: string): AnyManifest {
  const { task } = parseJson(z.looseObject({ task: z.unknown().optional() }), json, place)
  if (task === undefined) return parseJson(ModelManifest, json, place)
  return task === 'reconstruct'
    ? parseJson(ReconstructorManifest, json, place)
    : parseJson(ClassifierManifest, json, place)
}

function text(files: ReadonlyMap<string, Uint8Array>, file: string): string {
  return Buffer.from(files.get(file)!).toString('utf8')
}
