import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The environment without settings of Vigil: what a command is told, the test says. */
export const PLAIN = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VIGIL_')))

/** Run one `vigil` command line to its end, as a person would: the built program, in a process of its own. */
export function vigil(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['bin/vigil.js', ...args], { cwd: ROOT, env: { ...PLAIN, ...env } })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

export interface Running {
  /** resolves with the first match in what was printed */
  said(pattern: RegExp): Promise<RegExpExecArray>
  /** the same of its standard error */
  told(pattern: RegExp): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  /** closes our end of its standard output, as `| head` does */
  readNoMore(): void
  readonly ended: Promise<Ran & { readonly signal: NodeJS.Signals | null }>
}

/** Start one `vigil` command line that runs until it is stopped. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, ['bin/vigil.js', ...args], { cwd: ROOT, env: { ...PLAIN, ...env } })
  let stdout = ''
  let stderr = ''
  const looks = new Set<() => void>()
  const look = () => looks.forEach((it) => void it())
  const heard = (stream: NodeJS.ReadableStream, add: (text: string) => void) =>
    stream.setEncoding('utf8').on('data', (text: string) => {
      add(text)
      look()
    })
  heard(child.stdout, (text) => {
    stdout += text
  })
  heard(child.stderr, (text) => {
    stderr += text
  })
  const ended = new Promise<Ran & { signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  const matched = (pattern: RegExp, text: () => string) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const once = () => {
        const match = pattern.exec(text())
        if (match === null) return
        looks.delete(once)
        resolve(match)
      }
      looks.add(once)
      once()
      void ended.then(() => reject(new Error(`it ended without saying ${pattern}: ${stderr}`)))
    })
  return {
    said: (pattern) => matched(pattern, () => stdout),
    told: (pattern) => matched(pattern, () => stderr),
    signal: (name) => void child.kill(name),
    readNoMore: () => void child.stdout.destroy(),
    ended,
  }
}
