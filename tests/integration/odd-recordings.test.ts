import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { vigil } from './vigil.ts'

const folder = mkdtempSync(join(tmpdir(), 'vigil-odd-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Over the night in which clocks of Europe are set forward, 01:00 UTC: the saturation falls, so that something is said. */
const T0 = Date.UTC(2026, 2, 29, 0, 59, 0)
const SECONDS = 150
const spo2 = (second: number) => (second < 100 ? 97 : 70)
const offsets = [0, 330, -480, 60, 765]

/** The instant as somebody writes it whose clock is so many minutes ahead of UTC. */
function local(ms: number, minutes: number): string {
  const text = new Date(ms + minutes * 60_000).toISOString().slice(0, -1)
  const two = (it: number) => String(Math.floor(it)).padStart(2, '0')
  const of = Math.abs(minutes)
  return minutes === 0 ? `${text}Z` : `${text}${minutes < 0 ? '-' : '+'}${two(of / 60)}:${two(of % 60)}`
}
/** Bern: an hour ahead, and two from 01:00 UTC on. */
const bern = (ms: number) => (ms < Date.UTC(2026, 2, 29, 1) ? 60 : 120)

const line = (time: number | string, second: number, patient = 'p-1') =>
  JSON.stringify({ patient, time, values: { hr: 72, spo2: spo2(second) } })
const each = (made: (ms: number, second: number) => string) =>
  Array.from({ length: SECONDS }, (_, second) => made(T0 + second * 1000, second))
const inOrder = each((ms, second) => line(ms, second))

/** What becomes of a recording: alert bodies and frames as written, reasons of dead letters. */
async function replayed(name: string, lines: readonly string[], more: readonly string[] = []) {
  const path = join(folder, name)
  writeFileSync(path, lines.join('\n'))
  const out = (what: string) => join(folder, `${name}.${what}`)
  const outputs = ['alerts', 'frames', 'dead-letters'].flatMap((it) => [`--${it}`, out(it)])
  const { code, stderr } = await vigil(['replay', path, ...outputs, ...more])
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('vigil:')])
  const read = (what: string) => readFileSync(out(what), 'utf8')
  const dead = read('dead-letters').split('\n').filter((it) => it !== '').map((it) => JSON.parse(it)) // biome-ignore format: one line
  return { alerts: read('alerts'), frames: read('frames'), dead }
}

describe('a recording whose times are written in many ways', () => {
  test('of several time zones, and over the hour that is not there, is the same as in milliseconds', async () => {
    const [plain, mixed, changed] = await Promise.all([
      replayed('plain.ndjson', inOrder),
      replayed(
        'zones.ndjson',
        each((ms, second) => line(local(ms, offsets[second % offsets.length]!), second)),
      ),
      replayed(
        'summer.ndjson',
        each((ms, second) => line(local(ms, bern(ms)), second)),
      ),
    ])
    expect(plain.alerts).toContain('spo2-low')
    for (const it of [mixed, changed]) expect([it.alerts, it.frames, it.dead]).toEqual([plain.alerts, plain.frames, []])
  })

  test('without an offset are refused, each with its line; those around them are scored', async () => {
    const wanted = [3, 70]
    const bare = (ms: number) => new Date(ms).toISOString().slice(0, 19)
    const some = each((ms, second) => line(wanted.includes(second + 1) ? bare(ms) : local(ms, 60), second))
    const { dead, alerts } = await replayed('bare.ndjson', some)
    expect(dead.map(({ reason, line: at }) => [reason, at])).toEqual(wanted.map((at) => ['bad-time', at]))
    expect(alerts).toContain('spo2-low')
  })

  test('in a CSV, too', async () => {
    writeFileSync(
      join(folder, 'zones.yaml'),
      'time: { column: t, format: iso }\npatient: { constant: p-1 }\ncomplete: false\ncolumns: { hr: { channel: hr }, s: { channel: spo2 } }\n',
    )
    const csv = (zone: (ms: number, second: number) => number) => [
      't,hr,s',
      ...each((ms, second) => `${local(ms, zone(ms, second))},72,${spo2(second)}`),
    ]
    const mapping = ['--mapping', join(folder, 'zones.yaml')]
    const [utc, mixed] = await Promise.all([
      replayed('utc.csv', csv(() => 0), mapping), // biome-ignore format: one line
      replayed('mixed.csv', csv((_, second) => offsets[second % offsets.length]!), mapping), // biome-ignore format: one line
    ])
    expect(utc.alerts).toContain('spo2-low')
    expect([mixed.alerts, mixed.frames]).toEqual([utc.alerts, utc.frames])
  })
})

describe('a recording that is out of order', () => {
  test('by a second is the same as in order', async () => {
    const swapped = inOrder.flatMap((it, i) => (i % 10 === 4 ? [inOrder[i + 1]!, it] : i % 10 === 5 ? [] : [it]))
    expect(swapped).toHaveLength(SECONDS)
    expect(swapped).not.toEqual(inOrder)
    const [plain, other] = await Promise.all([replayed('order.ndjson', inOrder), replayed('swapped.ndjson', swapped)])
    expect([other.alerts, other.frames, other.dead]).toEqual([plain.alerts, plain.frames, []])
  })

  test('by a minute loses what is late, with its line, and nothing else', async () => {
    const moved = [...inOrder.slice(0, 20), ...inOrder.slice(21, 90), inOrder[20]!, ...inOrder.slice(90)]
    const { dead, alerts } = await replayed('moved.ndjson', moved)
    expect(dead.map(({ reason }) => reason)).toEqual(['late'])
    expect(alerts).toContain('spo2-low')
  })

  test('as two patients one after the other, who were there at one time, has both whole', async () => {
    const other = each((ms, second) => line(ms, second, 'p-2'))
    const [after, beside] = await Promise.all([
      replayed('after.ndjson', [...inOrder, ...other]),
      replayed(
        'beside.ndjson',
        inOrder.flatMap((it, i) => [it, other[i]!]),
      ),
    ])
    const sorted = (text: string) => text.split('\n').toSorted()
    expect(after.dead).toEqual([])
    expect(sorted(after.alerts)).toEqual(sorted(beside.alerts))
    expect(sorted(after.frames)).toEqual(sorted(beside.frames))
  })
})
