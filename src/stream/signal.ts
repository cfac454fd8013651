import { label, timeOfDay } from '../scoring/sentence.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'

export const SIGNAL_LOST = 'signal-lost'

/** Nothing arrives from the bed: the wall clock's verdict. It stands until a frame comes. */
export function signalLost(at: number, silentSeconds: number): Condition {
  const since = at - silentSeconds * 1000
  return {
    detector: 'signal',
    code: SIGNAL_LOST,
    kind: 'technical',
    priority: 'medium',
    label: `No signal since ${timeOfDay(since)}: the bed is not watched`,
    onset: since,
    channels: [],
    score: undefined,
    explanation: { text: `Nothing arrived from this bed for ${Math.round(silentSeconds)} s.`, method: 'wall clock' },
    latching: true,
  }
}

/**
 * A model gives nothing of the patient: where it is the forecaster, what remains are the fixed limits, NEWS2 and the sensor
 * logic; where it is an hourly one, all but its risk.
 */
export function modelFailed(detector: string, since: number, gives: 'forecast' | 'risk' = 'forecast'): Condition {
  const at = timeOfDay(since)
  const remains = gives === 'forecast' ? 'fixed limits only' : 'no risk of it'
  const lacks =
    gives === 'forecast'
      ? 'so that nothing slow or unusual is found. Fixed limits, NEWS2 and sensors are watched as before'
      : 'and all else is watched as before'
  return {
    detector: 'signal',
    code: 'model-failed',
    kind: 'technical',
    priority: 'medium',
    label: label(`Model ${detector} fails since ${at}: ${remains}`, `Model fails since ${at}: ${remains}`),
    onset: since,
    channels: [],
    score: undefined,
    explanation: {
      text: `The model ${detector} gives no ${gives} of this patient, ${lacks}. It begins anew when it is back.`,
      method: 'fixed rule',
    },
    latching: false,
  }
}

/**
 * Messages arrive, and nothing in them can be watched: every continuous channel the bed ever had is older than
 * `seconds`. A bed that only ever had cuff values is not stale.
 * @param time event time of the tick, ms since 1970
 */
export function staleBed(
  table: ChannelTable,
  frames: FrameColumns,
  row: number,
  time: number,
  seconds: number,
): Condition | undefined {
  const { channels } = table
  const from = row * channels.length
  let youngest = Number.POSITIVE_INFINITY
  for (let d = 0; d < channels.length; d++) {
    const age = frames.ages[from + d]!
    // an age that is not known yet is NaN, and younger than nothing
    if (age < youngest && channels[d]!.cadence === 'continuous') youngest = age
  }
  if (youngest <= seconds || youngest === Number.POSITIVE_INFINITY) return undefined
  const since = Math.round(time - youngest * 1000)
  return {
    detector: 'signal',
    code: 'stale-bed',
    kind: 'technical',
    priority: 'medium',
    label: `No valid values since ${timeOfDay(since)}: the bed is not watched`,
    onset: since,
    channels: [],
    score: undefined,
    explanation: {
      text: `Messages arrive, but no continuous channel had a valid value for more than ${seconds} s.`,
      method: 'fixed rule',
    },
    latching: false,
  }
}
