import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Writes how many tests passed, failed and were skipped to the file named by VIGIL_COUNTS, for the last line of `npm test`. */
export default class Counts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const file = process.env['VIGIL_COUNTS']
    if (!file) return
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 }
    for (const module of modules) {
      // A file or a suite that breaks outside any test fails as one.
      counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'pending' ? 'skipped' : state]++
      }
    }
    writeFileSync(file, JSON.stringify(counts))
  }
}
