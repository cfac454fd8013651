import { AlarmCount, type AlarmRate } from '../../alerts/alarm-rate.ts'
import type { Ward } from '../../stream/ward.ts'
import type { AlertBody } from '../../vitals/alert.ts'
import type { GroundTruth } from '../../vitals/episode.ts'
import { differenceOf, type Interval, patientDraws } from '../metrics/bootstrap.ts'
import { median } from '../quantiles.ts'
import { type Lead, leadOf, type Started } from '../ward/lead.ts'
import { type Batches, DrivenWard, isNoPolicy } from '../watched.ts'
import { type AlertEpisode, Episodes, type Matched, matchEpisodes } from './episodes.ts'

/** A model or a policy that is compared. */
export interface Contender {
  /** as it was asked for */
  readonly name: string
  readonly ward: Ward
}

/** The keys of one contender in `compare --json`. */
export interface ContenderFigures {
  readonly name: string
  readonly alarms: AlarmRate
  /** of scripted episodes, where the recording has its truth beside it */
  readonly lead?: Readonly<Record<string, Lead>>
}

/** The keys of `compare --json`. */
export interface ComparisonResult {
  readonly patients: number
  readonly patientDays: number
  readonly a: ContenderFigures
  readonly b: ContenderFigures
  readonly onlyA: number
  readonly onlyB: number
  readonly both: number
  readonly byCode: Readonly<Record<string, { readonly onlyA: number; readonly onlyB: number; readonly both: number }>>
  /** of those in both: which was first, and by how much B came after A in the middle, s */
  readonly first: {
    readonly a: number
    readonly b: number
    readonly same: number
    readonly medianSeconds: number | null
  }
  /** alerts a patient-day, A less B, patients drawn with replacement, 95 % */
  readonly differenceInterval: Interval
  /** inputs that could not be scored */
  readonly refused: number
}

export interface Comparison extends Matched {
  readonly result: ComparisonResult
}

/**
 * Two wards over one stream, each given the same inputs in the same order.
 * @param truth what really happened, where it is known
 * @param tell called after every batch with the frames scored so far
 */
export async function compareWards(
  a: Contender,
  b: Contender,
  batches: Batches,
  truth: GroundTruth['episodes'] | undefined,
  tell: (frames: number) => void,
): Promise<Comparison> {
  const [mine, theirs] = [new Side(a), new Side(b)]
  const patients = new Set<string>()
  for await (const inputs of batches) {
    for (const input of inputs) if (input.kind === 'reading') patients.add(input.patientKey)
    const own = inputs.filter(isNoPolicy)
    // while one waits for its network the other scores
    await Promise.all([mine.driven.take(own), theirs.driven.take(own)])
    tell(mine.driven.frames)
  }
  const matched = matchEpisodes(mine.episodes.all, theirs.episodes.all)
  const days = (mine.driven.frames * a.ward.cadenceSeconds) / 86_400
  const later = matched.both.map((pair) => (pair.b.start - pair.a.start) / 1000)
  const result: ComparisonResult = {
    patients: patients.size,
    patientDays: Number(days.toPrecision(4)),
    a: mine.figures(truth),
    b: theirs.figures(truth),
    onlyA: matched.onlyA.length,
    onlyB: matched.onlyB.length,
    both: matched.both.length,
    byCode: byCode(matched),
    first: {
      a: later.filter((seconds) => seconds > 0).length,
      b: later.filter((seconds) => seconds < 0).length,
      same: later.filter((seconds) => seconds === 0).length,
      medianSeconds: later.length === 0 ? null : median(later),
    },
    differenceInterval: difference([...patients], mine.episodes.all, theirs.episodes.all, days),
    refused: mine.driven.refused,
  }
  return { ...matched, result }
}

/** What one contender said. */
class Side {
  readonly episodes = new Episodes()
  readonly driven: DrivenWard
  readonly #contender: Contender
  readonly #count = new AlarmCount()
  readonly #starts: Started[] = []

  constructor(contender: Contender) {
    this.#contender = contender
    this.driven = new DrivenWard(contender.ward, (body) => this.#say(body))
  }

  figures(truth: GroundTruth['episodes'] | undefined): ContenderFigures {
    const { name, ward } = this.#contender
    const alarms = this.#count.rate(this.driven.frames, ward.cadenceSeconds)
    if (truth === undefined) return { name, alarms }
    const kinds = [...new Set(truth.map(({ kind }) => kind))].sort()
    const lead = kinds.map((kind) => [kind, leadOf(this.#starts, truth.filter((it) => it.kind === kind))] as const)
    return { name, alarms, lead: Object.fromEntries(lead) }
  } // biome-ignore format: the kinds

  #say(body: AlertBody): void {
    this.#count.add(body)
    this.episodes.add(body)
    if (body.phase !== 'start') return
    const { patientKey } = body.subject
    this.#starts.push({ patientKey, time: body.times.detected, technical: body.kind === 'technical' })
  }
}

function byCode({ both, onlyA, onlyB }: Matched): ComparisonResult['byCode'] {
  const codes = [...new Set([...both.map(({ a }) => a), ...onlyA, ...onlyB].map(({ code }) => code))].sort()
  const of = (list: readonly AlertEpisode[], code: string) => list.filter((it) => it.code === code).length
  return Object.fromEntries(
    codes.map((code) => [
      code,
      { onlyA: of(onlyA, code), onlyB: of(onlyB, code), both: of(both.map(({ a }) => a), code) },
    ]),
  ) // biome-ignore format: one code, one line
}

/** 95 % of A's alerts a patient-day less B's: patients drawn, each as long as the mean of all. */
function difference(
  patients: readonly string[],
  a: readonly AlertEpisode[],
  b: readonly AlertEpisode[],
  days: number,
): Interval {
  const counts = (of: readonly AlertEpisode[]) => {
    const by = new Map<string, number>()
    for (const { patientKey } of of) by.set(patientKey, (by.get(patientKey) ?? 0) + 1)
    return Float64Array.from(patients, (patient) => by.get(patient) ?? 0)
  }
  const rate = (of: Float64Array) =>
    patientDraws(patients.length, (times) => of.reduce((sum, count, p) => sum + times[p]! * count, 0) / days)
  return differenceOf(rate(counts(a)), rate(counts(b)))
}
