import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { VigilError } from '../errors.ts'
import type { Load, Loads } from './load.ts'

/**
 * Run a load in a process of its own.
 * @param enough aborted when a load that goes on may end: it still says what it did
 * @returns what it measured @throws VigilError internal when it fails
 */
export async function loaded<K extends Load['kind']>(
  load: Load & { readonly kind: K },
  enough?: AbortSignal,
): Promise<Loads[K]> {
  const file = fileURLToPath(new URL('./load.js', import.meta.url))
  const child = spawn(process.execPath, [file, JSON.stringify(load)], { stdio: ['ignore', 'pipe', 'inherit'] })
  enough?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new VigilError('internal', `the load process ended with ${code}`)
  return JSON.parse(text) as Loads[K]
}
