import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FrameReport } from '../../src/vitals/report.ts'
import { vigil } from './vigil.ts'

const T0 = Date.UTC(2026, 0, 5, 8)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-hourly-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('vigil replay with the models in the box', () => {
  it('gives every hour of a bed its risk, from numerics, laboratory values and attributes; a channel no model knows is refused', async () => {
    const lines: object[] = [
      { patient: 'p', time: T0, values: { age: 67, sex: 1, medical_icu: 1, icu_hours: 60, before_icu: -3 } },
    ]
    for (let minute = 0; minute <= 181; minute++) {
      const time = T0 + minute * 60_000
      lines.push({ patient: 'p', time, complete: true, values: { hr: 118 + (minute % 3), spo2: 93, resp: 27, abp_sys: 88, abp_mean: 61, abp_dia: 48 } })
      if (minute % 60 === 20) lines.push({ patient: 'p', time, values: { lactate: 4.4, creatinine: { value: 1.9, unit: 'mg/dL' }, wbc: 19, temp: 38.7, nothing: 1 } })
    } // biome-ignore format: one message, one line
    const input = join(folder, 'bed.ndjson')
    await writeFile(input, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
    const models = ['bedside', 'sepsis', 'mortality'].flatMap((id) => ['--model', id])
    const run = async (name: string) => {
      const [frames, alerts] = [join(folder, `${name}.frames`), join(folder, `${name}.alerts`)]
      const { code, stdout } = await vigil([
        'replay',
        input,
        ...models,
        '--frames',
        frames,
        '--alerts',
        alerts,
        '--json',
      ])
      expect(code).toBe(0)
      return {
        summary: JSON.parse(stdout),
        frames: await readFile(frames, 'utf8'),
        alerts: await readFile(alerts, 'utf8'),
      }
    }
    const first = await run('first')
    expect(first.summary.rejections).toEqual({ 'unknown-channel': 3 })
    const reports = first.frames
      .trimEnd()
      .split('\n')
      .map((line) => FrameReport.parse(JSON.parse(line)))
    const [sepsis, mortality] = reports.at(-1)!.risks!
    expect(sepsis).toMatchObject({
      detector: 'sepsis',
      standing: 'current',
      hours: 3,
      raised: true,
      time: T0 + 3 * 3_600_000,
    })
    expect(sepsis!.probability).toBeGreaterThan(sepsis!.threshold)
    expect(sepsis!.reasons.length).toBeGreaterThan(0)
    expect(mortality).toMatchObject({ detector: 'mortality', standing: 'gathering', hours: 3, due: 48, raised: false })
    expect(mortality!.probability).toBeUndefined()
    const risks = first.alerts
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ code }) => code === 'sepsis-risk')
    expect(risks[0]).toMatchObject({
      phase: 'start',
      priority: 'low',
      signal: { call: 'now' },
      source: { detector: 'sepsis' },
    })
    expect(risks[0].label).toMatch(/^Sepsis risk [\d.]+ %, alarm from 3\.3 %.*since \d\d:00:00$/)
    expect((await run('second')).alerts).toBe(first.alerts)
  })
})
