import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { METRICS, type Metric } from '../../src/metrics/table.ts'

const PAGE = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')

function row({ name, type, help, labels }: Metric): string {
  const kept = Object.entries(labels).map(
    ([label, values]) => `\`${label}\`${typeof values === 'number' ? ` (at most ${values})` : ''}`,
  )
  return `| \`${name}\` | ${type} | ${kept.join(', ')} | ${help} |`
}

test('docs/metrics.md names every metric of the table, in its words, and no other', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| `vigil_'))
  expect(rows).toEqual(Object.values<Metric>(METRICS).map(row))
})
