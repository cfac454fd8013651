import type { TestProject } from 'vitest/node'
import { buildCode } from '../../scripts/build.js'
import { openBroker } from '../../src/broker/open-broker.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** bootstrap servers of the broker that the tests of this run share, HOST:PORT */
    brokers: readonly string[]
    /** where it came from: given, docker, java */
    brokerFrom: string
  }
}

/** One broker for all Kafka tests of a run; each test uses topics and groups of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!buildCode()) console.warn('src/ does not compile cleanly; tests that start processes may run old code')
  const broker = await openBroker()
  project.provide('brokers', broker.brokers)
  project.provide('brokerFrom', broker.how)
  return () => broker.stop()
}
