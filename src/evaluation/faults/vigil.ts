import type { AlertBody } from '../../vitals/alert.ts'
import { isOwn, type WatchedModel, watchWard, withThresholds } from '../watched.ts'
import { detectionDelay, WARM_UP } from './alarms.ts'
import type { FaultyRecording } from './inject.ts'
import { ownGaps, type Recording, readingAt } from './recording.ts'
import type { Conducted } from './tune.ts'

/** One alarm of the ward in one recording. */
interface Start {
  /** second of the recording at which it was raised */
  readonly second: number
  readonly body: AlertBody
}

const secondOf = ({ second }: Start): number => second

/** Own alarms that start in each recording, every recording a patient of one ward. */
async function startsIn(model: WatchedModel, recordings: readonly Recording[]): Promise<Start[][]> {
  const starts: Start[][] = recordings.map(() => [])
  const seconds = Math.max(0, ...recordings.map((it) => it.seconds))
  function* batches() {
    for (let second = 0; second < seconds; second++) {
      yield recordings.flatMap((recording, i) =>
        second < recording.seconds ? (readingAt(recording, second, `${i}`, model.table) ?? []) : [],
      )
    }
  }
  await watchWard(model, batches(), (body) => {
    if (body.phase !== 'start' || !isOwn(body)) return
    const i = Number(body.subject.patientKey)
    const second = Math.round((body.times.detected - recordings[i]!.start) / 1000)
    if (second >= WARM_UP) starts[i]!.push({ second, body })
  })
  return starts
}

export interface VigilConducted extends Conducted {
  /** by fault: the channel the alert that found it names first; undefined where it was missed, or names none */
  readonly topChannels: readonly (string | undefined)[]
  /** by fault: what the alert that found it is; undefined where it was missed */
  readonly codes: readonly (string | undefined)[]
}

/** thresholds tried, log10 of q: from the strictest on in steps, then how often the last step is halved */
const [STRICTEST, LOOSEST, STEP] = [-24, -0.3, 1.5]
const HALVINGS = 7

/**
 * The ward as it serves, at the loosest threshold of the manifest's policy that keeps its false alarms within what is
 * allowed. An alarm is whatever the ward raises by its model or its sensor logic, technical alerts included; fixed
 * limits and NEWS2, which run beside them for all, do not count for or against.
 */
export async function conductVigil(
  model: WatchedModel,
  untouched: readonly Recording[],
  faulty: readonly FaultyRecording[],
  allowed: number,
): Promise<VigilConducted> {
  const at = (log: number): WatchedModel => ({ ...model, manifest: withThresholds(model.manifest, { q: 10 ** log }) })
  const gaps = untouched.map(ownGaps)
  const falseAlarms = async (log: number) =>
    (await startsIn(at(log), untouched)).flatMap((starts, i) => starts.filter(({ second }) => gaps[i]![second] !== 1))
      .length
  // from above: where everything is one long alarm there are few of them again
  let [low, high] = [STRICTEST, STRICTEST + STEP]
  while (high < LOOSEST && (await falseAlarms(high)) <= allowed) [low, high] = [high, high + STEP]
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if ((await falseAlarms(middle)) <= allowed) low = middle
    else high = middle
  }
  const own = new Map((await startsIn(at(low), untouched)).map((it, i) => [untouched[i]!.name, it.map(secondOf)]))
  const starts = await startsIn(at(low), faulty)
  const found = faulty.map((fault, i) => {
    const delay = detectionDelay(starts[i]!.map(secondOf), fault, own.get(fault.name) ?? [])
    return { delay, body: starts[i]!.find(({ second }) => second - fault.from === delay)?.body }
  })
  return {
    falseAlarms: await falseAlarms(low),
    threshold: 10 ** low,
    delays: found.map(({ delay }) => delay),
    topChannels: found.map(({ body }) => body?.channels[0]?.channel),
    codes: found.map(({ body }) => body?.code),
  }
}
