import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ONNXRUNTIME } from '../../version.ts'
import { type About, type Report, readReport } from './report.ts'

const run = promisify(execFile)

/** What git says in a folder; undefined where it is none of git's, or there is no git. */
async function git(folder: string, ...args: string[]): Promise<string | undefined> {
  try {
    return (await run('git', args, { cwd: folder, maxBuffer: 2 ** 26 })).stdout
  } catch {
    return undefined
  }
}

/** What is measured, and where. @param folder of the results, whose own changes do not count as changes of the commit */
export async function aboutHere(folder: string, now: Date): Promise<About> {
  const processors = cpus()
  const head = (await git(folder, 'rev-parse', '--short=12', 'HEAD'))?.trim()
  const changed = await git(folder, 'status', '--porcelain', '--', ':/', ':!.')
  return {
    date: now.toISOString().slice(0, 16).replace('T', ' '),
    commit: head === undefined ? 'unknown' : `${head}${changed === '' ? '' : '+'}`,
    machine: {
      cpu: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${process.platform} ${process.arch}`,
    },
    node: process.versions.node,
    onnxruntime: ONNXRUNTIME,
  }
}

/** The newest committed report of a folder; where git knows none, the one that lies there. @throws VigilError when it is none */
export async function lastReport(folder: string, file: string): Promise<Report | undefined> {
  const path = join(folder, file)
  const committed = await git(folder, 'show', `HEAD:./${file}`)
  const text = committed ?? (await readFile(path, 'utf8').catch(() => undefined))
  return text === undefined ? undefined : readReport(text, path)
}
