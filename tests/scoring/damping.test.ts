import { describe, expect, test } from 'vitest'
import { simulatedBed } from '../../src/ingest/simulator/bed.ts'
import { SETTINGS } from '../../src/ingest/simulator/settings.ts'
import { damped, isDamped, LINE_FIELDS, resetLine, watchLine } from '../../src/scoring/damping.ts'
import type { Episode } from '../../src/vitals/episode.ts'
import { random, TABLE } from './synthetic.ts'

const AT = 3

/** a line, second by second: its swing and its mean in, since when it is damped out */
function line() {
  const state = new Float64Array(AT + LINE_FIELDS)
  resetLine(state, AT)
  let tick = 1_000_000
  const uniform = random(4)
  return (swing: number, mean: number, passed = 1) => {
    tick += passed
    const sys = Math.round(mean + (2 * swing) / 3 + 2 * uniform() - 1)
    watchLine(state, AT, tick, 1, sys, sys - Math.round(swing), Math.round(mean))
    return isDamped(state, AT) ? tick - damped(state, AT).since : undefined
  }
}
const firstAfter = (see: ReturnType<typeof line>, seconds: number, swing: (i: number) => number, mean: (i: number) => number) => {
  for (let i = 0; i < seconds; i++) if (see(swing(i), mean(i)) !== undefined) return i
  return undefined
} // biome-ignore format: one helper

describe('a line that was watched for ten minutes', () => {
  const known = () => {
    const see = line()
    expect(firstAfter(see, 600, () => 45, () => 80)).toBeUndefined()
    return see
  } // biome-ignore format: one helper

  test('is damped when its swing is gone and its mean stands, and itself again when the swing is back', () => {
    const see = known()
    const found = firstAfter(see, 60, () => 14, () => 80)! // biome-ignore format: one check
    expect(found).toBeGreaterThan(15)
    expect(found).toBeLessThan(30)
    for (let i = 0; i < 3600; i++) expect(see(14, 80)).toBeDefined()
    for (let i = 0; i < 15; i++) see(45, 80)
    expect(see(45, 80)).toBeUndefined()
  })

  test.each([
    ['blood is lost: it narrows over twenty minutes', 1200, (i: number) => 45 * (1 - (0.6 * i) / 1200), () => 80],
    ['the pressure itself collapses', 120, () => 14, (i: number) => 80 - Math.min(35, 3 * i)],
    ['it was flushed for twenty seconds', 20, () => 2, () => 290],
    ['it narrows for a few seconds only', 10, () => 10, () => 80],
  ] as const)('is not when %s', (_, seconds, swing, mean) => {
    const see = known()
    expect(firstAfter(see, seconds, swing, mean)).toBeUndefined()
  }) // biome-ignore format: one check

  test('goes on after a gap, is another one half an hour later, and nothing is said of a line that was damped from the start', () => {
    const see = known()
    expect(see(14, 80, 300)).toBeUndefined()
    expect(firstAfter(see, 60, () => 14, () => 80)).toBeDefined() // biome-ignore format: one check
    expect(see(14, 80, 1801)).toBeUndefined()
    expect(firstAfter(see, 600, () => 14, () => 80)).toBeUndefined() // biome-ignore format: one check
  })
})

test('on the simulated ward: every damped line, most within half a minute, and no haemorrhage, arrhythmia or calm patient is one', () => {
  const watched = (seed: number, episode?: Episode) => {
    const setting = { ...SETTINGS.training, children: 0, arterialLines: 1 }
    const bed = { seed, setting, start: Date.UTC(2026, 0, 1), hours: 1.2, unit: 'SIM', bed: '1', episodes: episode === undefined ? [] : [episode] } // biome-ignore format: one line
    const of = ['abp_sys', 'abp_dia', 'abp_mean'].map((name) => TABLE.index.get(name)!)
    const state = new Float64Array(LINE_FIELDS)
    resetLine(state, 0)
    const said: number[] = []
    for (const input of simulatedBed(bed, TABLE)) {
      if (input?.kind !== 'reading') continue
      const [sys, dia, mean] = of.map((index) => input.values[input.channels.indexOf(index)])
      if (sys === undefined || dia === undefined || mean === undefined) continue
      const before = isDamped(state, 0)
      watchLine(state, 0, input.time / 1000, 1, sys, dia, mean)
      if (isDamped(state, 0) && !before) said.push((input.time - bed.start) / 1000)
    }
    return said
  }
  const delays: number[] = []
  for (let seed = 1; seed <= 8; seed++) {
    const at = 900 + 60 * seed
    const found = watched(seed, { bed: 1, kind: 'damped-line', at, seconds: 600 })
    expect(found.length).toBeGreaterThanOrEqual(1)
    delays.push(found[0]! - at)
    expect(watched(seed)).toEqual([])
    expect(watched(seed, { bed: 1, kind: 'haemorrhage', at, seconds: 1200 + 60 * seed, size: 40 })).toEqual([])
    expect(watched(seed, { bed: 1, kind: 'arrhythmia', at, seconds: 600, size: 70 })).toEqual([])
  }
  // the line itself may have a gap just then
  expect(Math.min(...delays)).toBeGreaterThan(15)
  expect(delays.filter((delay) => delay < 45).length).toBeGreaterThanOrEqual(6)
})
