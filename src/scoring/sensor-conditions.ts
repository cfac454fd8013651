import type { AlertChannel } from '../vitals/alert.ts'
import type { Channel, ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import { damped, isDamped } from './damping.ts'
import type { Page } from './page.ts'
import { apartSince } from './pair.ts'
import { faultBit, goodOf, habitOf, leaptOf, newestOf, PAIR_AT, sameSince, seenOf } from './sensor-row.ts'
import { DAMPED, FLAT, faultsOf, LEAP, MISMATCH, MISSING, ORDER, type SensorPlan } from './sensors.ts'
import { identified, label, measurement, timeOfDay, unitName } from './sentence.ts'

/** who says so, in `Condition.detector` and in an alert's source */
export const SENSORS_DETECTOR = 'sensors'

interface Said {
  readonly code: string
  readonly priority: Condition['priority']
  readonly onset: number
  readonly labels: readonly string[]
  readonly channels: readonly AlertChannel[]
  readonly text: string
}

function technical({ code, priority, onset, labels, channels, text }: Said): Condition {
  return {
    detector: SENSORS_DETECTOR,
    code,
    kind: 'technical',
    priority,
    label: label(...labels),
    onset,
    channels,
    score: undefined,
    explanation: { text, method: 'sensor logic' },
    latching: false,
  }
}

/** "hr" -> "hr", "abp_sys" -> "abp-sys": the part of a code that names a channel */
const coded = (channel: string): string => channel.replaceAll('_', '-')

/**
 * What is wrong with a patient's sensors, from the row that `siftFrame` left: one condition a fault, added to `out`.
 * Codes: `leads-off`, `probe-off`, `<channel>-missing`, `<pressure>-missing`, `<channel>-flat-line`, `<channel>-implausible-jump`,
 * `pulse-mismatch`, `<pressure>-contradiction`, `<pressure>-damped`.
 */
export function sensorConditions(
  plan: SensorPlan,
  table: ChannelTable,
  state: Page,
  at: number,
  tick: number,
  out: Condition[],
): void {
  const faults = faultsOf(plan, state, at)
  if (faults === 0) return
  const ms = plan.cadenceSeconds * 1000
  const value = (s: number) => newestOf(state, at, plan.sensors[s]!)
  const channelOf = (s: number): Channel => table.channels[plan.sensors[s]!.index]!
  const named = (s: number, more: Partial<AlertChannel> = {}): AlertChannel => ({
    ...identified(channelOf(s)),
    observed: value(s),
    status: 'ok',
    sampleTime: seenOf(state, at, plan.sensors[s]!) * ms,
    ...more,
  })
  const said = (s: number) => measurement(channelOf(s), value(s))
  if (faults & MISSING) missing(plan, table, state, at, ms, out)
  for (let s = 0; s < plan.sensors.length; s++) {
    const fault = faultBit(state, at, plan.sensors[s]!)
    const channel = channelOf(s)
    if (fault === FLAT) {
      const onset = sameSince(state, at, plan.sensors[s]!) * ms
      const since = `, since ${timeOfDay(onset)}`
      out.push(
        technical({
          code: `${coded(channel.name)}-flat-line`,
          priority: 'low',
          onset,
          labels: [`${said(s)} unchanged${since}: check the sensor`, `${said(s)} unchanged${since}`, said(s)],
          channels: [named(s)],
          text: `${channel.meaning}: the same value for ${(tick * ms - onset) / 1000} s, longer than this patient's ever stands still. Not taken for true until it changes.`,
        }),
      )
    }
    if (fault === LEAP) {
      const before = measurement(channel, goodOf(plan, state, at, s))
      out.push(
        technical({
          code: `${coded(channel.name)}-implausible-jump`,
          priority: 'low',
          onset: leaptOf(plan, state, at, s) * ms,
          labels: [`${said(s)} after ${before}: implausible jump, set aside`, `${said(s)}: implausible jump`],
          channels: [named(s)],
          text: `${said(s)} after ${before}: a change of ${plan.sensors[s]!.leap} ${unitName(channel)} or more at once needs four more values to confirm it. The fixed limits see it meanwhile.`,
        }),
      )
    }
  }
  if (faults & MISMATCH) {
    const [one, other] = plan.pair
    const onset = apartSince(state, at + PAIR_AT) * ms
    out.push(
      technical({
        code: 'pulse-mismatch',
        priority: 'medium',
        onset,
        labels: [`${said(one)}, but ${said(other)}, since ${timeOfDay(onset)}`, `${said(one)}, but ${said(other)}`],
        channels: moved(plan, state, at).map((s) => named(s)),
        text: `Heart rate and pulse are of one heart. They are further apart than is usual of this patient: one of the sensors counts wrong, or not every beat reaches the finger.`,
      }),
    )
  }
  if (faults & ORDER) contradictions(plan, table, state, at, ms, out)
  if (faults & DAMPED) {
    for (const { name, three, lineAt } of plan.pressures) {
      if (lineAt === 0 || !isDamped(state, at + lineAt)) continue
      const { since, swing, usual } = damped(state, at + lineAt)
      const [now, before] = [swing, usual].map(Math.round)
      const said = `${name.toUpperCase()} swings by ${now} mmHg, usually ${before}`
      const onset = since * ms
      out.push(
        technical({
          code: `${name}-damped`,
          priority: 'low',
          onset,
          labels: [`${said}, since ${timeOfDay(onset)}: check the line`, said],
          channels: plan.sensors.flatMap(({ index }, s) => (three.includes(index) ? [named(s)] : [])),
          text: `Between diastolic and systolic pressure lie ${now} mmHg, usually ${before}, and the mean stands where it was: the line is damped. Systolic and diastolic pressure are not taken for true until it swings again.`,
        }),
      )
    }
  }
}

/** hr and pulse, the one first that is further from where both were */
function moved(plan: SensorPlan, state: Page, at: number): readonly number[] {
  const away = plan.pair.map((s) => {
    const sensor = plan.sensors[s]!
    return Math.abs(newestOf(state, at, sensor) - habitOf(state, at, sensor))
  })
  return away[0]! >= away[1]! ? plan.pair : [plan.pair[1], plan.pair[0]]
}

/** Channels from which nothing comes any more: told by which sensor carries them. */
function missing(plan: SensorPlan, table: ChannelTable, state: Page, at: number, ms: number, out: Condition[]): void {
  const place = (name: string) => plan.sensors.findIndex(({ channel }) => channel === name)
  const gone = (s: number) => s >= 0 && faultBit(state, at, plan.sensors[s]!) === MISSING
  const seenAt = (s: number) => seenOf(state, at, plan.sensors[s]!)
  const seen = (s: number) => !Number.isNaN(seenAt(s)) && !gone(s)
  const [hr, pulse, spo2, resp] = [place('hr'), place('pulse'), place('spo2'), place('resp')]
  const probe = gone(pulse) && gone(spo2) && seen(hr)
  const leads = gone(hr) && seen(pulse)
  const lines = plan.pressures.map(({ name, three }) => ({
    name,
    three: three.map((index) => plan.sensors.findIndex((sensor) => sensor.index === index)),
  }))
  const line = lines.filter(({ three }) => three.every(gone))
  for (let s = 0; s < plan.sensors.length; s++) {
    if (!gone(s) || (probe && s === spo2) || line.some(({ three }) => three[0] !== s && three.includes(s))) continue
    // breathing is measured through the leads of the ECG
    if (leads && s === resp) continue
    const channel = table.channels[plan.sensors[s]!.index]!
    const onset = seenAt(s) * ms
    const since = `since ${timeOfDay(onset)}`
    const absent = absence(channel, onset)
    const beside = (other: number) =>
      measurement(table.channels[plan.sensors[other]!.index]!, newestOf(state, at, plan.sensors[other]!))
    if (probe && s === pulse) {
      const spo2Channel = table.channels[plan.sensors[spo2]!.index]!
      out.push(
        technical({
          code: 'probe-off',
          priority: 'medium',
          onset,
          labels: [`No SpO2 and no pulse ${since}: check the probe (${beside(hr)})`, `No SpO2 and no pulse ${since}`],
          channels: [{ ...absent, ...identified(spo2Channel) }, absent],
          text: `The oximeter gives neither saturation nor pulse, while the ECG goes on: ${beside(hr)}.`,
        }),
      )
    } else if (leads && s === hr) {
      out.push(
        technical({
          code: 'leads-off',
          priority: 'medium',
          onset,
          labels: [
            `No heart rate by ECG ${since}: check the leads (${beside(pulse)})`,
            `No heart rate by ECG ${since}`,
          ],
          channels: gone(resp)
            ? [absent, absence(table.channels[plan.sensors[resp]!.index]!, seenAt(resp) * ms)]
            : [absent],
          text: `The ECG gives ${gone(resp) ? 'neither heart rate nor breathing' : 'no heart rate'}, while the oximeter goes on: ${beside(pulse)}.`,
        }),
      )
    } else if (line.some(({ three }) => three[0] === s)) {
      const { name, three } = line.find((it) => it.three[0] === s)!
      out.push(
        technical({
          code: `${name}-missing`,
          priority: 'low',
          onset,
          labels: [`No ${name.toUpperCase()} ${since}: check the line`, `No ${name.toUpperCase()} ${since}`],
          channels: three.map((of) => ({ ...absent, ...identified(table.channels[plan.sensors[of]!.index]!) })),
          text: `Neither systolic, diastolic nor mean pressure comes from the line any more, though the patient's monitor goes on.`,
        }),
      )
    } else {
      out.push(
        technical({
          code: `${coded(channel.name)}-missing`,
          priority: 'low',
          onset,
          labels: [`No ${channel.label} ${since}`],
          channels: [absent],
          text: `${channel.meaning}: no valid value ${since}, though the patient's monitor goes on.`,
        }),
      )
    }
  }
}

function absence(channel: Channel, since: number): AlertChannel {
  return { ...identified(channel), observed: null, status: 'not-available', sampleTime: since }
}

function contradictions(
  plan: SensorPlan,
  table: ChannelTable,
  state: Page,
  at: number,
  ms: number,
  out: Condition[],
): void {
  for (const { name, three, sinceAt } of plan.pressures) {
    const since = state[at + sinceAt]!
    if (Number.isNaN(since)) continue
    const [sys, dia, mean] = three.map((index) => plan.sensors.findIndex((sensor) => sensor.index === index))
    const channelOf = (s: number) => table.channels[plan.sensors[s]!.index]!
    const value = (s: number) => newestOf(state, at, plan.sensors[s]!)
    const known = [mean!, sys!, dia!].filter((s) => !Number.isNaN(value(s)))
    const said = measurement(channelOf(mean!), value(mean!))
    const bounds = [sys!, dia!].filter((s) => known.includes(s)).map((s) => String(Math.round(value(s))))
    out.push(
      technical({
        code: `${name}-contradiction`,
        priority: 'low',
        onset: since * ms,
        labels: [`${said} is not within ${bounds.join(' and ')}: set aside`, `${said}: set aside`],
        channels: known.map((s) => ({
          ...identified(channelOf(s)),
          observed: value(s),
          status: 'ok',
          sampleTime: seenOf(state, at, plan.sensors[s]!) * ms,
        })),
        text: `A mean pressure lies between the diastolic and the systolic one: these three contradict each other, none is taken for true.`,
      }),
    )
  }
}
