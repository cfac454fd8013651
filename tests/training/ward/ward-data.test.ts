import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { random } from '../../../src/random.ts'
import { ward } from '../../../src/training/recipes/ward.ts'
import { drawn } from '../../../src/training/ward/pieces.ts'
import type { RecordedPatient } from '../../../src/training/ward/recorded.ts'
import { wardData } from '../../../src/training/ward/ward-data.ts'
import { bidmcCsv, swingingStay } from '../made-stays.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE = 60
const HOUR = 3600

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-recorded-'))
  mkdirSync(join(dir, 'data'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const said: string[] = []
const read = (recipe = ward, ...paths: string[]) => {
  said.length = 0
  const dataDirs = paths.length > 0 ? paths : [join(dir, 'data')]
  const log = (line: string) => void said.push(line)
  return wardData(recipe, { dataDirs, out: join(dir, 'models'), engine: 'cpu', seed: 1, log })
}

/** A message a second, values that move a little; `change` may say another heart rate. */
function lines(
  patient: string,
  seconds: number,
  change = (_: number): number | undefined => undefined,
  from = 0,
): string {
  const rows: string[] = []
  for (let s = from; s < from + seconds; s++) {
    const values = { hr: change(s) ?? 80 + (s % 7), pulse: 80 + (s % 6), spo2: 96 + (s % 3), resp: 14 + (s % 5) }
    rows.push(JSON.stringify({ patient, time: START + s * 1000, complete: true, values }))
  }
  return `${rows.join('\n')}\n`
}
const write = (name: string, text: string) => writeFileSync(join(dir, 'data', name), text)
const patients = (count: number, seconds: number) => {
  for (let i = 0; i < count; i++) write(`p${i}.ndjson`, lines(`p${i}`, seconds))
}
const framesIn = ({ stays }: Awaited<ReturnType<typeof wardData>>) =>
  Object.values(stays)
    .flat()
    .reduce((sum, { frames }) => sum + frames.count, 0)

describe("a site's own recordings", () => {
  it('are split by patient, the same way again, whatever the file they stand in', async () => {
    patients(6, 400)
    const first = await read()
    const names = Object.values(first.split).flat()
    expect(names).toHaveLength(6)
    expect(new Set(names).size).toBe(6)
    for (const part of Object.values(first.split)) expect(part.length).toBeGreaterThan(0)
    rmSync(join(dir, 'data'), { recursive: true })
    mkdirSync(join(dir, 'data'))
    write('all.ndjson', [5, 3, 0, 1, 4, 2].map((i) => lines(`p${i}`, 400)).join(''))
    const again = await read()
    expect(again.split).toEqual(first.split)
    expect(again.sha256).toBe(first.sha256)
  })

  it('may be of several formats together', async () => {
    patients(3, 400)
    write('csv_9_Numerics.csv', bidmcCsv(swingingStay('csv_9', 400, 1)))
    expect(Object.values((await read()).split).flat()).toHaveLength(4)
  })

  it('are not learnt from within ten minutes of an alarm of the fixed limits', async () => {
    patients(5, 400)
    // 40 /min is below the limit of 50, from minute 20 to 21
    write(
      'p9.ndjson',
      lines('p9', HOUR, (s) => (s >= 20 * MINUTE && s < 21 * MINUTE ? 40 : undefined)),
    )
    const data = await read()
    expect(said.join('\n')).toContain('Left out: 1 alarms')
    const low = Object.values(data.stays)
      .flat()
      .flatMap(({ frames }) => Array.from(frames.ticks.subarray(0, frames.count), (tick) => tick - START / 1000))
      .filter((second) => second > 400) // of the alarmed patient alone
    expect(low.filter((second) => second >= 10 * MINUTE && second < 31 * MINUTE)).toEqual([])
    // seconds 401 to 599, and from ten minutes after second 1259 on
    expect(low.length).toBe(199 + 1740)
  })

  it('end at a discharge', async () => {
    patients(5, 400)
    const gone = JSON.stringify({
      kind: 'journal',
      entry: 'discharge',
      patientKey: 'p9',
      at: START + 400_000,
      afterOffset: -1,
    })
    write('p9.ndjson', `${lines('p9', 400)}${gone}\n${lines('p9', 300, undefined, 401)}`)
    expect(framesIn(await read())).toBe(6 * 400)
    expect(said.join('\n')).toContain('300 readings after a discharge')
  })

  it('of more than a day are split by time, too: what calibrates came later than what was learnt from', async () => {
    for (let i = 0; i < 6; i++) {
      const late = [0, 12, 24, 36].map((hours) => lines(`p${i}`, 400, undefined, hours * HOUR)).join('')
      write(`p${i}.ndjson`, late)
    }
    const { stays } = await read()
    const ticks = (of: typeof stays.train) =>
      of.flatMap(({ frames }) => Array.from(frames.ticks.subarray(0, frames.count)))
    expect(Math.max(...ticks([...stays.train, ...stays.validation]))).toBeLessThan(
      Math.min(...ticks([...stays.calibration, ...stays.test])),
    )
  })

  it('come in lanes of an epoch drawn anew, the same for the same seed', async () => {
    patients(6, 900)
    const data = await read({ ...ward, lanes: 2, pieceFrames: 300 })
    const epoch = async (seed: number) => {
      const { parts, lanes } = data.draw(random(seed))
      expect(parts).toBeGreaterThan(1)
      return (await lanes(0)).x
    }
    expect(await epoch(1)).toEqual(await epoch(1))
    const last = data.draw(random(1))
    expect((await last.lanes(last.parts - 1)).lanes).toBeLessThanOrEqual(2)
  })
})

describe('recordings that can make no model', () => {
  it.each([
    ['no reading at all', 0, 'there is no reading'],
    ['one patient only', 1, 'there are readings of 1 patient;'],
    ['fewer patients than parts', 3, 'there are readings of 3 patients;'],
  ])('are refused: %s', async (_, count, message) => {
    write('empty.ndjson', '')
    patients(count, 400)
    await expect(read()).rejects.toMatchObject({ code: 'data-unfit', message: expect.stringContaining(message) })
  })

  it.each([
    ['never changes', 80],
    ['has no value', null],
  ])('are refused when a channel %s, by its name', async (what, value) => {
    for (let i = 0; i < 5; i++) {
      const text = lines(`p${i}`, 400).replaceAll(/"spo2":\d+/g, `"spo2":${value === null ? null : 97}`)
      write(`p${i}.ndjson`, text)
    }
    await expect(read()).rejects.toMatchObject({
      code: 'data-unfit',
      message: `spo2 ${what} in the training data`,
    })
  })

  it('are refused when a part has nothing long enough', async () => {
    patients(6, 100)
    await expect(read()).rejects.toMatchObject({
      code: 'data-unfit',
      message: expect.stringContaining('nothing is left'),
    })
  })

  it('are refused when there are none', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'data-missing' })
  })
})

describe('pieces drawn for an epoch', () => {
  it('take no more than its share from one patient, or twice an equal one, whoever has most', () => {
    const of = fc.array(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 60 }) // biome-ignore format: one line
    fc.assert(
      fc.property(of, fc.integer(), (patients, seed) => {
        const pieces = patients.flatMap((counts, i) => {
          const patient = { name: String(i) } as RecordedPatient
          return counts.map((count, from) => ({ patient, from, count }))
        })
        const total = pieces.reduce((sum, { count }) => sum + count, 0)
        const limit = Math.max(0.05, 2 / patients.length) * total
        const given = new Map<RecordedPatient, number>()
        for (const { patient, count } of drawn(pieces, random(seed), 0.05)) {
          given.set(patient, (given.get(patient) ?? 0) + count)
        }
        for (const sum of given.values()) expect(sum).toBeLessThanOrEqual(limit)
        if (patients.length <= 2) expect([...given.values()].reduce((a, b) => a + b, 0)).toBe(total)
      }),
    )
  })
})
