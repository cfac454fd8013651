import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { filesBelow } from './files.js'
import { ROOT, say } from './setup.js'

/**
 * Whether the Kafka tests can have a broker: it is opened once and stopped, so that its jars are there and the answer is
 * true. The code must be built.
 * @returns {Promise<string | undefined>} why not
 */
export async function brokerMissing() {
  const { openBroker } = await import(pathToFileURL(join(ROOT, 'dist/broker/open-broker.js')).href)
  try {
    const broker = await openBroker({ say: (/** @type {string} */ line) => say(`Kafka broker: ${line}`) })
    await broker.stop()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What a test that speaks to a broker takes it from. */
const TAKES_ONE = /from '[./]*\/(broker|topics|broker\/open-broker)\.ts'/

/** @returns {string[]} the test files that need a broker: below `tests/kafka`, and they import what opens or gives one */
export function brokerTests() {
  return filesBelow('tests/kafka').filter(
    (file) => file.endsWith('.test.ts') && TAKES_ONE.test(readFileSync(join(ROOT, file), 'utf8')),
  )
}
