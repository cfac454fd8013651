import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bodyLine } from '../../../src/alerts/body.ts'
import { advance, NO_ALERTS } from '../../../src/alerts/lifecycle.ts'
import { ndjsonFile } from '../../../src/alerts/sinks/ndjson-file.ts'
import type { Output } from '../../../src/stream/ports.ts'
import { AlertBody } from '../../../src/vitals/alert.ts'
import { CONTEXT, condition, T0 } from '../ward.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-alerts-'))
})
afterEach(() => rm(folder, { recursive: true }))

const body = advance(CONTEXT, NO_ALERTS, [condition()], T0).bodies[0]!
const alert = (emitted: number, instance: string): Output => ({
  kind: 'alert',
  envelope: {
    body,
    mode: 'live',
    emitted,
    instance,
    trace: { source: 's', partition: 0, fromOffset: 0, toOffset: emitted },
  },
})
const other: Output = {
  kind: 'journal',
  partition: 0,
  entry: { kind: 'journal', entry: 'discharge', patientKey: 'p-1', at: T0, afterOffset: 1 },
}

test('one body a line, in order, without its envelope: two runs write the same bytes', async () => {
  for (const [name, instance] of [
    ['a', 'one'],
    ['b', 'two'],
  ] as const) {
    const sink = await ndjsonFile(join(folder, name))
    await sink.deliver([alert(1, instance), other, alert(2, instance)])
    await sink.deliver([other])
    await sink.deliver([alert(Date.now(), instance)])
    await sink.close()
  }
  const [a, b] = [await readFile(join(folder, 'a'), 'utf8'), await readFile(join(folder, 'b'), 'utf8')]
  expect(a).toBe(bodyLine(body).repeat(3))
  expect(b).toBe(a)
  expect(AlertBody.parse(JSON.parse(a.split('\n')[0]!))).toEqual(body)
})

test('appends to what is there, or begins afresh', async () => {
  const path = join(folder, 'alerts')
  const lines = async (options: { fresh?: boolean }) => {
    const sink = await ndjsonFile(path, options)
    await sink.deliver([alert(1, 'x')])
    await sink.close()
    return (await readFile(path, 'utf8')).split('\n').length - 1
  }
  expect(await lines({})).toBe(1)
  expect(await lines({})).toBe(2)
  expect(await lines({ fresh: true })).toBe(1)
  expect(await lines({})).toBe(2)
})

test('a line torn by a killed process stays alone: every later line is whole', async () => {
  const path = join(folder, 'alerts')
  await appendFile(path, bodyLine(body) + bodyLine(body).slice(0, 100))
  const sink = await ndjsonFile(path)
  await sink.deliver([alert(1, 'x')])
  await sink.close()
  const lines = (await readFile(path, 'utf8')).split('\n')
  expect(lines[0]).toBe(JSON.stringify(body))
  expect(() => JSON.parse(lines[1]!)).toThrow()
  expect(lines[2]).toBe(JSON.stringify(body))
  expect(lines[3]).toBe('')
})

test('a file that cannot be opened, or takes no more, is a coded error', async () => {
  await expect(ndjsonFile(join(folder, 'no', 'such', 'folder'))).rejects.toMatchObject({
    code: 'sink-failed',
    retriable: false,
  })
  const sink = await ndjsonFile(join(folder, 'alerts'))
  await sink.close()
  await expect(sink.deliver([alert(1, 'x')])).rejects.toMatchObject({ code: 'sink-failed', retriable: true })
})
