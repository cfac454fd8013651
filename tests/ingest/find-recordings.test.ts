import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findRecordings } from '../../src/ingest/find-recordings.ts'
import { folder } from './collect.ts'

const { dir } = folder()
for (const path of [
  'a/x.ndjson',
  'a/y.ndjson.zst',
  'a/z.parquet',
  'a/.hidden.ndjson',
  'a/notes.txt',
  'b/c/w.hl7.gz',
  'b/x.ndjson',
  'b/[1].ndjson',
  'n?w.ndjson',
]) {
  // biome-ignore format: one list
  mkdirSync(join(dir, path, '..'), { recursive: true })
  writeFileSync(join(dir, path), '')
}
const found = async (...paths: string[]) =>
  (await findRecordings(paths.map((path) => join(dir, path)))).map((path) => path.slice(dir.length + 1))

test('a folder gives what looks like a recording, a file itself, in the order asked for', async () => {
  expect(await found('a')).toEqual(['a/.hidden.ndjson', 'a/x.ndjson', 'a/y.ndjson.zst', 'a/z.parquet'])
  expect(await found('b/c', 'a/notes.txt')).toEqual(['b/c/w.hl7.gz', 'a/notes.txt'])
})

test('a pattern gives the files that fit it, in folders of any depth, by name', async () => {
  expect(await found('a/*.ndjson*')).toEqual(['a/x.ndjson', 'a/y.ndjson.zst'])
  expect(await found('?/x.ndjson')).toEqual(['a/x.ndjson', 'b/x.ndjson'])
  expect(await found('**/*.gz')).toEqual(['b/c/w.hl7.gz'])
  expect(await found('**/x.ndjson')).toEqual(['a/x.ndjson', 'b/x.ndjson'])
  expect(await found('b/**')).toEqual(['b/[1].ndjson', 'b/c/w.hl7.gz', 'b/x.ndjson'])
  expect(await found('b/[1].ndj*')).toEqual(['b/[1].ndjson'])
  expect(await found('n?w.ndjson')).toEqual(['n?w.ndjson'])
})

test('what gives nothing is an error that names it', async () => {
  await expect(found('a/*.csv')).rejects.toMatchObject({ code: 'data-missing', place: join(dir, 'a/*.csv') })
  await expect(found('nowhere')).rejects.toMatchObject({ code: 'data-missing' })
  await expect(found('a/x.ndjson', 'none*/**')).rejects.toMatchObject({ code: 'data-missing' })
})
