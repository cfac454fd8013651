import { describe, expect, it } from 'vitest'
import { closeHour, gathered, gatherFrame, gatherPlan, resetGather } from '../../../src/inference/hourly/gather.ts'
import { inputGroups } from '../../../src/inference/hourly/groups.ts'
import { HOURLY_INPUTS } from '../../../src/inference/hourly/kinds.ts'
import { channelTable } from '../../../src/vitals/channels.ts'
import { frameColumns } from '../../../src/vitals/frame.ts'

const { channels, inputs } = HOURLY_INPUTS['sepsis-hour']
const TABLE = channelTable(channels.filter(({ name }) => channelTable().index.get(name) === undefined))
const PLAN = gatherPlan('sepsis-hour', TABLE, 1)
const START = 5000

/** The hours of a bed: at each second what is observed then, or with an own age in seconds. */
function hours(...of: Readonly<Record<number, Readonly<Record<string, number | readonly [number, number]>>>>[]) {
  const state = new Float64Array(PLAN.stateSize)
  resetGather(PLAN, state, 0)
  const known = new Map<number, [value: number, tick: number]>()
  const frames = frameColumns(1, TABLE.channels.length)
  return of.map((hour, h) => {
    for (const [second, values] of Object.entries(hour)) {
      const tick = START + h * 3600 + Number(second)
      for (const [name, value] of Object.entries(values)) {
        const [observed, age] = typeof value === 'number' ? [value, 0] : value
        known.set(TABLE.index.get(name)!, [observed, tick - age])
      }
      frames.ticks[0] = tick
      TABLE.channels.forEach((_, d) => {
        const [value, measured] = known.get(d) ?? [Number.NaN, Number.NaN]
        frames.values[d] = value
        frames.exact[d] = value
        frames.masks[d] = measured === tick ? 1 : 0
        frames.ages[d] = tick - measured
      })
      gatherFrame(PLAN, state, 0, frames, 0, Number(second))
    }
    const x = new Float64Array(inputs.names.length)
    closeHour(PLAN, state, 0, x, 0)
    const input = (name: string) => x[inputs.names.indexOf(name)]!
    return {
      input,
      newest: (name: string) =>
        gathered(
          state,
          0,
          channels.findIndex((it) => it.name === name),
        ),
    }
  })
}

describe('an hour of a bed', () => {
  it('takes what a monitor sends all the time as the median over its slices, each with its newest value', () => {
    // three values of the first five minutes are one slice
    const [hour] = hours({ 0: { hr: 200 }, 10: { hr: 190 }, 299: { hr: 70 }, 300: { hr: 80 }, 1800: { hr: 95 }, 3599: { hr: 90 } })
    expect(hour!.input('hr')).toBe(85)
    expect(hour!.input('hr:measured')).toBe(1)
  }) // biome-ignore format: one hour

  it('takes a value as it was sent, not rounded to float32', () => {
    const [hour] = hours({ 5: { temp: 38.3, lactate: 2.2, hr: 80.1 } })
    expect(hour!.input('temp')).toBe(38.3)
    expect(hour!.input('lactate')).toBe(Math.log(2.2))
    expect(hour!.input('hr')).toBe(80.1)
  })

  it('takes the pressures of the arterial line, else of the cuff, and the pulse where there is no ECG', () => {
    const [both, cuff] = hours(
      { 1: { abp_sys: 120, abp_mean: 80, abp_dia: 60, nibp_sys: 100, hr: 70, pulse: 71 } },
      { 1: { nibp_sys: 104, nibp_mean: 70, nibp_dia: 50, pulse: 77 } },
    )
    expect(['sys', 'map', 'dia', 'hr'].map((name) => both!.input(name))).toEqual([120, 80, 60, 70])
    expect(['sys', 'map', 'dia', 'hr'].map((name) => cuff!.input(name))).toEqual([104, 70, 50, 77])
  })

  it('takes inspired oxygen as a share', () => {
    const [hour] = hours({ 1: { fio2: 40 } })
    expect(hour!.input('fio2_share')).toBe(0.4)
  })

  it('takes a laboratory value once, in the hour in which it became known, whatever its own time', () => {
    const [first, second, third] = hours({ 0: { hr: 70 } }, { 30: { creatinine: [1.4, 2400] } }, { 0: { hr: 70 } })
    expect(first!.input('creatinine:measured')).toBe(0)
    expect(second!.input('creatinine:measured')).toBe(1)
    expect(second!.newest('creatinine')).toBe(1.4)
    expect(third!.input('creatinine:measured')).toBe(0)
    expect(third!.input('creatinine')).toBe(Math.log(1.4))
  })

  it('counts the hours of the stay on from where it was told', () => {
    const [first, second, third] = hours({ 0: { icu_hours: 30 } }, {}, { 5: { icu_hours: 40 } })
    expect([first, second, third].map((hour) => hour!.input('hours:capped') * 50)).toEqual([30, 31, 40])
  })
})

describe('groups of inputs', () => {
  it('have every input that is of a channel, or says something else a nurse has a word for', () => {
    for (const kind of ['sepsis-hour', 'icu-48h'] as const) {
      const { names } = HOURLY_INPUTS[kind].inputs
      const grouped = new Set(inputGroups(kind).flatMap((group) => group.inputs))
      const left = names.filter((_, i) => !grouped.has(i))
      expect(left.filter((name) => !/unknown|coronary|cardiac|^medical|^surgical/.test(name))).toEqual([])
    }
  })
})
