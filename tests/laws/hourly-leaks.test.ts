import { describe, expect, it } from 'vitest'
import { type HourlyBaselines, hourlyBaselines, PARTS } from '../../src/evaluation/hourly-baselines.ts'
import { fallingOrder } from '../../src/evaluation/metrics/curves.ts'
import { joined } from '../../src/evaluation/metrics/joined.ts'
import { gainOfHours, patientOfHours, thresholdsOfOthers } from '../../src/evaluation/sepsis-thresholds.ts'
import { SEPSIS_CHANNELS } from '../../src/inference/hourly/sepsis-channels.ts'
import { random } from '../../src/random.ts'
import { gainOfAlarm } from '../../src/training/classifier/every-hour.ts'
import { type HourlyStay, RowGatherer } from '../../src/training/cohorts/stay.ts'

const PATIENTS = 60
const HOURS = 20
const CUT = 12

/** A made patient; `later` changes what comes from hour CUT on, `onset` who is septic. */
function made(i: number, later = 0, onset = i % 4 === 0 ? 8 : HOURS): HourlyStay {
  const { uniform } = random(i)
  const gathered = new RowGatherer()
  for (let t = 0; t < HOURS; t++) {
    SEPSIS_CHANNELS.forEach(({ channel }, c) => {
      const [low, high] = channel.range
      const [there, value] = [uniform() < 0.4, low + (0.1 + 0.3 * uniform()) * Math.min(high - low, 300)]
      if (there) gathered.add(c, t >= CUT ? value + later : value)
    })
    gathered.endRow()
  }
  const name = `p${String(i).padStart(2, '0')}`
  return gathered.stay(
    name,
    Uint8Array.from({ length: HOURS }, (_, t) => (t >= onset ? 1 : 0)),
  )
}

const stays = Array.from({ length: PATIENTS }, (_, i) => made(i))
const TASK = { lastOnly: false, targets: (stay: { labels: Uint8Array }) => gainOfAlarm(stay.labels), options: { epochs: 2, batch: 64, weightDecay: 0.01 } } // biome-ignore format: one task
const baselines = (of: readonly HourlyStay[]): HourlyBaselines => hourlyBaselines('sepsis-hour', of, TASK)
const whole = baselines(stays)

describe('baselines of an hourly benchmark', () => {
  it('are those that are asked for', () => {
    expect([...whole.scores.keys()]).toEqual([
      'fixed limits',
      'last value (change since the hour before)',
      'EWMA chart',
      'robust z, anomaly likelihood',
      'PCA',
      'AR(3)',
      'NEWS2',
      'logistic regression on the newest values',
      'logistic regression on the same inputs',
    ])
    for (const [name, of] of whole.scores) {
      expect(of.map((row) => row.length), name).toEqual(stays.map(() => HOURS))
      expect(of.every((row) => row.every((score) => !Number.isNaN(score))), name).toBe(true)
    }
  }) // biome-ignore format: one check, one line

  it('never change a past score when the future does', () => {
    // every patient of one part: nothing of theirs is learnt from for their own scores
    const changed = stays.map((stay, i) => (whole.partOf[i] === 2 ? made(i, 7) : stay))
    const after = baselines(changed)
    for (const [name, before] of whole.scores) {
      let moved = false
      stays.forEach((_, i) => {
        if (whole.partOf[i] !== 2) return
        expect(after.scores.get(name)![i]!.subarray(0, CUT), name).toEqual(before[i]!.subarray(0, CUT))
        moved ||= before[i]!.subarray(CUT).some((score, t) => score !== after.scores.get(name)![i]![CUT + t])
      })
      expect(moved, name).toBe(true)
    }
  })

  it('do not learn from the patients they are judged on: neither from their values nor from their labels', () => {
    const victim = stays.findIndex((_, i) => whole.partOf[i] === 1)
    const others = stays.map((stay, i) => (whole.partOf[i] === 1 && i !== victim ? made(i, 9, 3) : stay))
    const after = baselines(others)
    for (const [name, before] of whole.scores) expect(after.scores.get(name)![victim], name).toEqual(before[victim])
    // and who is in another part does learn from them
    const learner = stays.findIndex((_, i) => whole.partOf[i] === 0)
    const same = 'logistic regression on the same inputs'
    expect(after.scores.get(same)![learner]).not.toEqual(whole.scores.get(same)![learner])
  })

  it('take their level of alarm from other patients alone', () => {
    const scores = whole.scores.get('NEWS2')!
    const flat = joined(scores)
    const levels = (labels: readonly Uint8Array[]) =>
      thresholdsOfOthers(
        flat,
        { order: fallingOrder(flat), patientOf: patientOfHours(labels), gain: gainOfHours(labels) },
        whole.partOf,
      )
    const labels = stays.map((stay) => stay.labels!)
    const own = labels.map((of, i) => (whole.partOf[i] === 3 ? of.map((label) => 1 - label) : of))
    expect(levels(own)[3]).toBe(levels(labels)[3])
    expect(levels(labels)).toHaveLength(PARTS)
  })
})
