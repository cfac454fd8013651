import { createHash } from 'node:crypto'
import { VigilError } from '../errors.ts'
import type { Stay } from '../training/dataset.ts'
import type { Parts } from '../training/training-data.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { OK, type Reading } from '../vitals/reading.ts'
import { type Collected, type Feedback, placeOf } from './collect.ts'

/** A window, split by patient and by time. Stays have numbers for names: no patient's key leaves the window. */
export interface Window {
  readonly from: number
  /** what is newer is held out: neither fit sees it */
  readonly heldOutFrom: number
  readonly to: number
  /** of every reading in it */
  readonly sha256: string
  readonly stays: Parts<Stay[]>
  readonly feedback: Readonly<Feedback>
}

/** Up to which place (`placeOf`) a patient is in a part. The place is for good: who is tested on is never trained on. */
const UP_TO = [
  ['test', 0.3],
  ['calibration', 0.5],
  ['validation', 0.62],
  ['train', 1],
] as const
/** patients that a part needs at least */
const LEAST = { train: 3, validation: 1, calibration: 2, test: 4 } as const
/** readings below which a stay says nothing: five minutes at one a second */
const SHORTEST = 300

/**
 * Split what was collected: every patient on one side for good, the newest share of the time for the test alone, so that
 * a challenger is judged on patients and hours that neither fit has seen; thresholds of the comparison are set on others.
 * @param channels of the model
 * @param heldOut share of the window's time that is held out
 * @throws VigilError data-unfit: no reading, too few patients in a part, a channel without values or always the same
 */
export function splitWindow(
  { readings, feedback }: Collected,
  table: ChannelTable,
  channels: readonly string[],
  heldOut: number,
): Window {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const own of readings.values()) {
    for (const { time } of own) [from, to] = [Math.min(from, time), Math.max(to, time)]
  }
  if (from > to) throw new VigilError('data-unfit', 'the window holds no reading')
  const heldOutFrom = to - heldOut * (to - from)
  const stays: Parts<Stay[]> = { train: [], validation: [], calibration: [], test: [] }
  const keys = [...readings.keys()].sort((a, b) => placeOf(a, 'part') - placeOf(b, 'part'))
  const hash = createHash('sha256')
  for (const key of keys) {
    const own = [...readings.get(key)!].sort((a, b) => a.time - b.time)
    for (const reading of own) hash.update(JSON.stringify([reading.time, reading.channels, reading.values]))
    const [part] = UP_TO.find(([, upTo]) => placeOf(key, 'part') < upTo)!
    const kept = own.filter(({ time }) =>
      part === 'test' ? time >= heldOutFrom : part === 'calibration' || time < heldOutFrom,
    )
    if (kept.length < SHORTEST) continue
    const name = `${part}-${stays[part].length + 1}`
    stays[part].push({ name, readings: kept.map((reading) => ({ ...reading, patientKey: name, complete: true })) })
  }
  for (const [part, least] of Object.entries(LEAST) as [keyof Parts<Stay[]>, number][]) {
    const { length } = stays[part]
    if (length >= least) continue
    const message = `the window has ${readings.size} patients, ${length} of them for ${part} with five minutes or more, where ${least} are needed`
    throw new VigilError('data-unfit', message)
  }
  checkChannels(stays, table, channels)
  return { from, heldOutFrom, to, sha256: hash.digest('hex'), stays, feedback }
}

/** Every part must have values of every channel, and the training more than one. */
function checkChannels(stays: Parts<Stay[]>, table: ChannelTable, channels: readonly string[]): void {
  for (const [part, of] of Object.entries(stays)) {
    for (const name of channels) {
      const channel = table.index.get(name)!
      const values = new Set(of.flatMap(({ readings }) => readings.flatMap((reading) => valueIn(reading, channel))))
      if (values.size > (part === 'train' ? 1 : 0)) continue
      const what = values.size === 0 ? 'has no value' : 'is always the same'
      throw new VigilError('data-unfit', `${name} ${what} in what is for ${part}`)
    }
  }
}

function valueIn({ channels, values, statuses }: Reading, channel: number): number[] {
  const at = channels.indexOf(channel)
  return at >= 0 && statuses[at] === OK ? [values[at]!] : []
}
