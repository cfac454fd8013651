import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { output } from './output.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The oldest Java that a Kafka 4 broker runs on. */
const OLDEST_JAVA = 17

/** For a broker that lives for minutes: little memory, a quick start. */
const SMALL = [
  '-Xmx512m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
]

/**
 * The Java to run: that of `JAVA_HOME`, else the one on the path.
 * @throws Error with a sentence when there is none, or it is too old
 */
export async function findJava(env: Environment): Promise<string> {
  const java = env['JAVA_HOME'] ? join(env['JAVA_HOME'], 'bin', 'java') : 'java'
  const version = /version "(?:1\.)?(\d+)/.exec(await output(java, ['-version'], { timeoutMs: 20_000 }))?.[1]
  if (!(Number(version) >= OLDEST_JAVA))
    throw new Error(`${java} is Java ${version ?? '?'}; ${OLDEST_JAVA} or newer is needed`)
  return java
}

/** Arguments of `java` that run a class of the jars. */
export const classOf = (jars: string, main: string, args: readonly string[]): string[] =>
  [...SMALL, '-cp', join(jars, '*'), main, ...args] // biome-ignore format: one line of arguments

/**
 * Runs Java and ends it when this process is gone, however it went: the shell's standard input is a pipe that only we
 * hold, so it reads a line when we have seen Java end, and the end of the pipe when we died. Then it also takes the
 * data away. Java holds the write end of pipe 3, which ends when Java has.
 */
const KEEPER = `data=$1; shift
"$@" </dev/null & java=$!
echo "$java" >&3; exec 3>&-
if read -r line; then wait "$java"; else exec >/dev/null 2>&1; kill -9 "$java"; wait "$java"; rm -rf "$data"; fi`

/** A Java program that does not outlive this process. */
export interface Jvm {
  readonly pid: number
  /** resolves when it has ended, with what it printed last */
  readonly ended: Promise<string>
  /** resolves when it has printed this, and false when it ended before */
  said(text: string): Promise<boolean>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** How much of what it prints is kept, characters. */
const TAIL = 8000

/** @param data folder that goes away if this process dies before the program */
export async function startJvm(java: string, args: readonly string[], data: string): Promise<Jvm> {
  const child = spawn('sh', ['-c', KEEPER, 'sh', data, java, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true, // a terminal's Ctrl-C is for us, who then end it in order
  })
  const [stdin, , , life] = child.stdio as unknown as [Writable, Readable, Readable, Readable]
  let printed = ''
  let alive = true
  let look = (): void => undefined
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-TAIL)
      look()
    })
  }
  stdin.on('error', () => undefined) // the shell went first
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(printed))
  })
  const started = new Promise<number>((resolve, reject) => {
    let first = ''
    life.setEncoding('utf8').on('data', (text: string) => {
      first += text
      if (first.endsWith('\n')) resolve(Number(first))
    })
    life.on('end', () => {
      alive = false
      stdin.end('ended\n')
      reject(new Error('the shell that keeps Java did not start it'))
    })
  })
  const pid = await Promise.race([started, ended.then(() => started)])
  return {
    pid,
    ended,
    said: (text) =>
      new Promise((resolve) => {
        look = () => void (printed.includes(text) && resolve(true))
        look()
        void ended.then(() => resolve(false))
      }),
    kill(signal) {
      if (alive) process.kill(pid, signal)
    },
  }
}
