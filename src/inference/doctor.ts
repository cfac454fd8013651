import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { builtFile } from '../built-file.ts'
import { PROVIDERS, type Provider } from './engine.ts'

export interface ProviderProbe {
  readonly provider: Provider
  readonly runs: boolean
  /** why it does not run */
  readonly reason?: string
  /** runs, but on the processor: a software driver; correct and slow, never to be chosen unnamed */
  readonly software?: true
}

export interface EngineProbe {
  readonly providers: readonly ProviderProbe[]
  readonly cpu: { readonly model: string; readonly count: number; readonly flags: readonly string[] }
}

/** Loading drivers and compiling a shader on a slow adapter takes seconds; a hang does not end. */
const TIMEOUT_MS = 20_000
/** The processor features onnxruntime's kernels choose by. */
const FLAGS = ['avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx_vnni', 'asimd', 'sve']

/** Which execution providers run a graph on this machine, tried for real, each in a process of its own. */
export async function probeEngines(): Promise<EngineProbe> {
  const processors = cpus()
  return {
    providers: await Promise.all(PROVIDERS.map(probe)),
    cpu: { model: processors[0]?.model.trim() ?? 'unknown', count: processors.length, flags: cpuFlags() },
  }
}

/**
 * Whether a WebGPU adapter here can only be a software driver: Linux with no graphics device node. On other systems
 * this cannot be told, and false is returned.
 */
export function softwareAdapterOnly(): boolean {
  if (process.platform !== 'linux') return false
  const render = existsSync('/dev/dri') && readdirSync('/dev/dri').some((node) => node.startsWith('renderD'))
  return !render && !existsSync('/dev/nvidia0') && !existsSync('/dev/dxg')
}

function probe(provider: Provider): Promise<ProviderProbe> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [builtFile(import.meta.url, 'probe.js'), provider],
      { timeout: TIMEOUT_MS },
      (error, _, stderr) => {
        if (error === null) {
          resolve({
            provider,
            runs: true,
            ...(provider === 'webgpu' && softwareAdapterOnly() ? { software: true } : {}),
          })
          return
        }
        const ended = error.killed
          ? `gave no answer in ${TIMEOUT_MS / 1000} s`
          : error.signal && `died of ${error.signal}`
        resolve({ provider, runs: false, reason: ended || lastLine(stderr) || error.message })
      },
    )
  })
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

function cpuFlags(): string[] {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? ''
    const found = new Set(line.trim().split(/\s+/))
    return FLAGS.filter((flag) => found.has(flag))
  } catch {
    return [] // no /proc: not Linux
  }
}
