import type { SensorFault } from '../../vitals/report.ts'
import type { ChannelInfo, Sample } from '../protocol.ts'
import { tileChannels } from '../tile-channels.ts'
import type { PageBed, StripColumns } from './state.ts'
import { FAULT_WORDS, figure, unitWord } from './words.ts'

/** Age at which a continuous value is no longer shown as the present one, seconds. */
const STALE_SECONDS = 30

/** One channel of a bed, ready to be shown. */
export interface Vital {
  readonly info: ChannelInfo
  readonly index: number
  /** undefined when there never was a value */
  readonly sample: Sample | undefined
  /** too old to be shown as the present value */
  readonly stale: boolean
  readonly strip: StripColumns | undefined
  /** what the sensor logic says of it */
  readonly fault: SensorFault | undefined
}

/** What a tile shows small, below its rows. */
const PRESSURES: readonly (readonly [label: string, prefix: string])[] = [
  ['ABP', 'abp'],
  ['NIBP', 'nibp'],
]

/** Every channel the bed has or had a value of, in table order. */
export function vitalsOf(bed: PageBed, channels: readonly ChannelInfo[]): Vital[] {
  const faults = new Map(bed.frame?.faults)
  const samples = new Map(bed.frame?.samples.map((sample) => [sample[0], sample]))
  return channels.flatMap((info, index) => {
    const sample = samples.get(index)
    const strip = bed.strips.get(index)
    if (sample === undefined && strip === undefined) return []
    const stale = sample === undefined || (!info.episodic && (sample[2] > STALE_SECONDS || bed.watching === 'blind'))
    return [{ info, index, sample, stale, strip, fault: faults.get(index) }]
  })
}

/** The three rows of a tile. */
export function largeVitals(vitals: readonly Vital[]): Vital[] {
  const of = (name: string) => vitals.find(({ info }) => info.name === name)
  return tileChannels((name) => of(name) !== undefined).map((name) => of(name)!)
}

/** A figure below the strips: pulse, pressures as one figure, temperature, ... */
export interface SmallFigure {
  readonly name: string
  readonly label: string
  readonly text: string
  readonly unit: string
  /** seconds; undefined when it is of now */
  readonly age: number | undefined
}

/** Channels beside the large ones, in the order in which a tile has room for them; pressures read systolic / diastolic (mean). */
export function smallFigures(vitals: readonly Vital[], large: readonly Vital[]): SmallFigure[] {
  const fresh = vitals.filter(
    (vital) => !vital.info.declared && !vital.stale && vital.sample !== undefined && !large.includes(vital),
  )
  const of = (name: string) => fresh.find(({ info }) => info.name === name)
  const text = (vital: Vital | undefined) => (vital?.sample ? figure(vital.sample[1], vital.info) : undefined)
  const pressures = PRESSURES.flatMap(([label, prefix]): SmallFigure[] => {
    const [sys, dia, mean] = [of(`${prefix}_sys`), of(`${prefix}_dia`), of(`${prefix}_mean`)]
    const any = sys ?? mean
    if (any === undefined) return []
    const pair = sys && dia ? `${text(sys)}/${text(dia)}` : (text(sys) ?? '')
    const whole = mean ? `${pair} (${text(mean)})`.trim() : pair
    return [{ name: any.info.name, label, text: whole, unit: 'mmHg', age: old(any) }]
  })
  const others = fresh
    .filter(({ info }) => !/^(abp|nibp)_/.test(info.name))
    .map((vital): SmallFigure => ({
      name: vital.info.name, label: vital.info.label, text: text(vital)!, unit: unitWord(vital.info.unit), age: old(vital),
    })) // biome-ignore format: one figure, one line
  // beside a heart rate the oximeter's pulse says least
  const last = (figure: SmallFigure) => Number(figure.name === 'pulse')
  return [...pressures, ...others.sort((a, b) => last(a) - last(b))]
}

/** Age worth telling: only of episodic values, from a minute on. */
function old({ info, sample }: Vital): number | undefined {
  return info.episodic && sample !== undefined && sample[2] >= 60 ? sample[2] : undefined
}

/** Least height of a strip's value axis: a calm trace must look calm. */
export function leastSpan({ name, resolution }: ChannelInfo): number {
  return { hr: 30, pulse: 30, spo2: 8, resp: 14 }[name] ?? resolution * 24
}

/** "expected 68 to 84", from the forecast made before this frame was seen. */
export function expectedText({ info, sample }: Vital): string | undefined {
  const [, , , low, high] = sample ?? []
  if (low === null || low === undefined || high === null || high === undefined) return undefined
  return `${figure(low, info)} to ${figure(high, info)}`
}

/** A strip in words. */
export function summary(vital: Vital): string {
  const { info, sample, stale, fault } = vital
  if (sample === undefined || stale) return `${info.meaning}, last five minutes; no present value`
  const expected = expectedText(vital)
  const said = fault === undefined ? '' : `, ${FAULT_WORDS[fault]}`
  const now = `${info.meaning}, last five minutes; now ${figure(sample[1], info)} ${unitWord(info.unit)}${said}`
  return expected === undefined ? now : `${now}, expected ${expected}`
}
