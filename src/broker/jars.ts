import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { VigilError } from '../errors.ts'
import type { Say } from './broker.ts'
import { output } from './output.ts'

/** The version of Kafka that is downloaded. */
export const KAFKA_VERSION = '4.1.1'

/** The tools come without what they need for Connect and the like: the broker's own jars are enough for ours. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>vigil</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version>
      <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

/** Downloads that were cut off are swept after this long, and a lock of that age is nobody's. */
const STALE_MS = 15 * 60_000

/** The folder that this build's jars are in once they are there; what it holds is in its name. */
export function jarFolder(cache: string): string {
  return join(cache, `kafka-${KAFKA_VERSION}-${createHash('sha256').update(POM).digest('hex').slice(0, 8)}`)
}

/** Whether the download is there: the folder appears whole, by one rename. */
export const haveJars = (cache: string): boolean => existsSync(jarFolder(cache))

/**
 * The folder with the broker's jars; downloaded by Maven the first time (43 MB). Whoever comes while another process
 * downloads waits for it, and a download that is cut off leaves nothing that looks like one.
 * @throws VigilError `broker-unavailable` when Maven is missing or fails
 */
export async function kafkaJars(cache: string, say: Say): Promise<string> {
  const folder = jarFolder(cache)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const lock = `${folder}.lock`
  while (!taken(lock)) {
    await sleep(200)
    if (existsSync(folder)) return folder
  }
  try {
    if (!existsSync(folder)) await download(folder, say)
  } finally {
    rmSync(lock, { force: true })
  }
  return folder
}

async function download(folder: string, say: Say): Promise<void> {
  for (const name of readdirSync(dirname(folder))) {
    const old = join(dirname(folder), name)
    if (name.startsWith('kafka-') && name.includes('.part-') && age(old) > STALE_MS) rmSync(old, { recursive: true })
  }
  const part = mkdtempSync(`${folder}.part-`)
  try {
    writeFileSync(join(part, 'pom.xml'), POM)
    say(`downloading Kafka ${KAFKA_VERSION} from Maven Central (43 MB), once`)
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${part}`]
    await output('mvn', ['-q', '-B', '-C', '-f', join(part, 'pom.xml'), ...goal], { timeoutMs: 300_000 })
    if (!existsSync(join(part, `kafka_2.13-${KAFKA_VERSION}.jar`))) throw new Error('Maven copied no broker')
    rename(part, folder)
  } catch (cause) {
    rmSync(part, { recursive: true, force: true })
    const why = (cause as Error).message
    throw new VigilError('broker-unavailable', `Maven could not fetch Kafka: ${why}`, { retriable: true, cause })
  }
}

/** The whole download appears at once; where another was quicker, theirs is as good. */
function rename(part: string, folder: string): void {
  try {
    renameSync(part, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    rmSync(part, { recursive: true })
  }
}

/** Take the lock, or say that another living process holds it. */
function taken(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  // several may find it abandoned and download at once, which is harmless: each has a folder of its own
  if (abandoned(lock)) rmSync(lock, { force: true })
  return false
}

function abandoned(lock: string): boolean {
  try {
    if (age(lock) > STALE_MS) return true
    const holder = Number(readFileSync(lock, 'utf8'))
    if (holder > 0) process.kill(holder, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

const age = (path: string): number => Date.now() - statSync(path).mtimeMs
