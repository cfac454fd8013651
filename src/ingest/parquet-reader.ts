import { type ChildProcess, fork } from 'node:child_process'
import { builtFile } from '../built-file.ts'
import { VigilError } from '../errors.ts'
import { type Answer, type Column, MOST_GROUP, type Question, type TableOfContents } from './parquet-messages.ts'

/** How long a row group of so many unpacked bytes may take, ms. */
export type Patience = (bytes: number) => number
export const PATIENCE: Patience = (bytes) => 10_000 + bytes / 4000

/** V8's heap of the process, MB; `parquet-warden.ts` bounds the rest. */
const HEAP_MB = 1024
/** A process that nobody asked anything for so long is ended, ms. */
const IDLE_MS = 5000

/** The one process, in which one row group is decoded at a time, whoever asks. */
let child: ChildProcess | undefined
let idle: NodeJS.Timeout | undefined
let turn: Promise<unknown> = Promise.resolve()

/** The process, once it listens: how long it takes to start is no fault of a file. */
async function opened(): Promise<ChildProcess> {
  if (child !== undefined) return child
  const made = fork(builtFile('ingest/parquet-process.js'), {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await new Promise<void>((resolve, reject) => {
    const failed = (why: string) => reject(new VigilError('internal', `the process that reads Parquet does not start: ${why}`)) // biome-ignore format: one sentence
    made.once('message', () => resolve())
    made.once('error', ({ message }) => failed(message))
    made.once('exit', (code, signal) => failed(`${code ?? signal}`))
  })
  child = made
  return made
}

function end(made: ChildProcess): void {
  made.kill('SIGKILL')
  if (child === made) child = undefined
}

/** Nobody waits for it now. */
function quieted(made: ChildProcess): void {
  for (const event of ['message', 'error', 'exit']) made.removeAllListeners(event)
  made.on('error', () => end(made))
  made.on('exit', () => end(made))
}

/** The answer, or in words why there is none. */
async function answered(question: Question, ms: number): Promise<Answer | string> {
  clearTimeout(idle)
  const made = await opened()
  quieted(made)
  made.ref()
  made.channel?.ref()
  return new Promise((resolve) => {
    function settle(answer: Answer | string): void {
      clearTimeout(limit)
      quieted(made)
      made.unref()
      made.channel?.unref()
      if (typeof answer === 'string') end(made)
      else idle = setTimeout(() => end(made), IDLE_MS).unref()
      resolve(answer)
    }
    // what came while this process was busy itself is heard first
    const late = () => settle(`it keeps its reader busy for more than ${ms / 1000} s`)
    const limit = setTimeout(() => setImmediate(late), ms)
    made.on('message', settle)
    made.on('error', ({ message }) => settle(`its reader failed (${message})`))
    made.on('exit', () => settle('it takes more memory than its reader may have'))
    made.send(question)
  })
}

async function ask(question: Question, ms: number, what: string): Promise<Exclude<Answer, { failed: unknown }>> {
  const asked = turn.then(() => answered(question, Math.ceil(ms)))
  turn = asked.catch(() => undefined)
  const answer = await asked
  if (typeof answer === 'string')
    throw new VigilError('recording-unreadable', `${what} is damaged, or more than can be read: ${answer}`, { place: question.path }) // biome-ignore format: one sentence
  if (!('failed' in answer)) return answer
  const { code, message, cause } = answer.failed
  throw new VigilError(code, message, { place: question.path, cause: new Error(cause) })
}

/** @throws VigilError recording-unreadable, recording-format */
export async function readContents(path: string, patience: Patience = PATIENCE): Promise<TableOfContents> {
  const answer = await ask({ path }, patience(0), 'the footer of the Parquet file')
  return (answer as { contents: TableOfContents }).contents
}

/**
 * One row group as whole columns, in the order of `columns`; times are ms, 64-bit numbers are numbers, an absent number is NaN.
 * @param number counts from 0
 * @throws VigilError recording-unreadable, recording-format
 */
export async function readColumns(
  path: string,
  number: number,
  bytes: number,
  columns: readonly string[],
  patience: Patience = PATIENCE,
): Promise<Column[]> {
  const question = { path, group: { number, columns } }
  const answer = await ask(
    question,
    patience(bytes > 0 ? Math.min(bytes, MOST_GROUP) : 0),
    `row group ${number + 1} of the Parquet file`,
  )
  return (answer as { columns: Column[] }).columns
}
