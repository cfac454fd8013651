import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheFolder } from '../../cache-folder.ts'

/** What `npm run engines` sets up for one engine, outside any checkout. */
export interface EngineFolder {
  readonly engine: 'tensorflow' | 'webgpu'
  /** its name below the cache says what it holds */
  readonly folder: string
  /** npm packages, with their exact versions */
  readonly packages: Readonly<Record<string, string>>
}

/** Python's TensorFlow: its wheel carries the C library that TensorFlow.js' own download server would give. */
export const TENSORFLOW_WHEEL = { name: 'tensorflow-cpu', version: '2.16.2', python: '3.11' } as const
const TFJS = '4.22.0'
const WEBGPU = '0.6.2'

export const ENGINE_FOLDERS: readonly EngineFolder[] = [
  {
    engine: 'tensorflow',
    folder: `tensorflow-${TENSORFLOW_WHEEL.version}-tfjs-${TFJS}-${process.platform}-${process.arch}`,
    packages: { '@tensorflow/tfjs-node': TFJS, 'node-api-headers': '1.5.0' },
  },
  {
    engine: 'webgpu',
    folder: `webgpu-${WEBGPU}-tfjs-${TFJS}-${process.platform}-${process.arch}`,
    packages: { webgpu: WEBGPU, '@tensorflow/tfjs-backend-webgpu': TFJS },
  },
]

/** Whether a package is here: the checkout's own, or set up by `npm run engines`. */
export const isInstalled = (name: string): boolean => find(name) !== undefined

/**
 * Import a package that may not be installed.
 * @throws Error in one line when it is nowhere
 */
export async function importOptional(name: string): Promise<unknown> {
  const file = find(name)
  if (file === undefined) throw new Error(`the package ${name} is not installed (npm run engines sets it up)`)
  return await import(pathToFileURL(file).href)
}

function find(name: string): string | undefined {
  const cache = cacheFolder(process.env)
  const homes = [import.meta.url, ...ENGINE_FOLDERS.map(({ folder }) => join(cache, folder, 'package.json'))]
  for (const home of homes) {
    try {
      return createRequire(home).resolve(name)
    } catch {
      // not there
    }
  }
  return undefined
}
