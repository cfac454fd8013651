import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deadLetterFile } from '../../../src/alerts/sinks/dead-letter-file.ts'
import type { Output } from '../../../src/stream/ports.ts'
import { at, DeadLetter, reject } from '../../../src/vitals/rejection.ts'
import { folder } from '../../ingest/collect.ts'

const { dir } = folder()
const letter = (offset: number): Output => ({
  kind: 'dead-letter',
  rejection: at(reject('not-a-number', '"high" is not a number', 'values.hr'), 'ward.ndjson', 12, 40),
  partition: 3,
  offset,
})

test('a dead letter is one line with reason, sentence and place; other outputs pass by; the file is appended to', async () => {
  const path = join(dir, 'dead.ndjson')
  for (const offset of [1, 2]) {
    const sink = await deadLetterFile(path)
    await sink.deliver([
      letter(offset),
      {
        kind: 'journal',
        partition: 0,
        entry: { kind: 'journal', patientKey: 'CANARY', at: 1, afterOffset: 1, entry: 'discharge' },
      },
    ])
    await sink.close()
  }
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(DeadLetter.safeParse(line).success).toBe(true)
  expect(lines[0]).toEqual({
    reason: 'not-a-number',
    detail: '"high" is not a number',
    path: 'values.hr',
    source: 'ward.ndjson',
    line: 12,
    column: 40,
    partition: 3,
    offset: 1,
  })
})

test('a file that cannot be opened or written is a coded error with its place', async () => {
  await expect(deadLetterFile(dir)).rejects.toMatchObject({ code: 'sink-failed', place: dir, retriable: false })
  const sink = await deadLetterFile(join(dir, 'closed.ndjson'))
  await sink.close()
  await expect(sink.deliver([letter(1)])).rejects.toMatchObject({ code: 'sink-failed', retriable: true })
})
