// The process in which Parquet is decoded. The library that does it trusts the counts in a file's pages, and a wrong one keeps it
// busy, or asks for memory, without end. A thread that runs out of memory takes its whole process along (Node 20, measured:
// four of ten ways to fill an array), so it is a process, whose parent ends it when it is busy for too long.
import { Worker } from 'node:worker_threads'
import type { FileMetaData } from 'hyparquet'
import { builtFile } from '../built-file.ts'
import { VigilError } from '../errors.ts'
import { contentsOf, readFooter, readGroup } from './parquet-file.ts'
import type { Answer, Question } from './parquet-messages.ts'

/** Footers that are kept; what is asked of another file reads its footer again. */
const FOOTERS = 64
const footers = new Map<string, FileMetaData>()

async function footerOf(path: string): Promise<FileMetaData> {
  const metadata = footers.get(path) ?? (await readFooter(path))
  footers.delete(path)
  footers.set(path, metadata)
  if (footers.size > FOOTERS) footers.delete(footers.keys().next().value!)
  return metadata
}

async function answer({ path, group }: Question): Promise<Answer> {
  // a file that is opened anew may be another under the same name
  if (group === undefined) footers.delete(path)
  const metadata = await footerOf(path)
  if (group === undefined) return { contents: contentsOf(metadata) }
  return { columns: await readGroup(path, metadata, group.number, group.columns) }
}

function failure(error: unknown): Answer {
  if (error instanceof VigilError)
    return { failed: { code: error.code, message: error.message, cause: String(error.cause) } }
  return { failed: { code: 'recording-unreadable', message: 'the Parquet file is damaged', cause: String(error) } }
}

process.on('message', (question: Question) => {
  answer(question)
    .then((it) => process.send!(it))
    .catch((error: unknown) => process.send!(failure(error)))
})
process.on('disconnect', () => process.exit())
new Worker(builtFile('ingest/parquet-warden.js'), { workerData: process.ppid, execArgv: [] })
process.send!('ready')
