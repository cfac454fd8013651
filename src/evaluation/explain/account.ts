import { ownSpread } from '../../scoring/own-spread.ts'
import { expectedBand, scored, scoreFrame } from '../../scoring/score.ts'
import { tailProbability } from '../../scoring/tail-table.ts'
import type { AlertBody } from '../../vitals/alert.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { StepName } from './differences.ts'
import type { Witness, Witnessed } from './witness.ts'

/** the band of alerts and of the page */
const LEVEL = 0.99
/** tests that are listed */
const LISTED = 5

/** What every step made of the frame that an alert rests on, in sentences; and the p that came out. */
export interface Account {
  readonly says: Readonly<Partial<Record<StepName, readonly string[]>>>
  readonly p: number
}

/**
 * The most surprising frame of an alert of a model, scored once more from what stood before it: a pure function of the
 * frame, the pending forecasts and the patient's own spread.
 * @param ticks ticks of the run up to the alert, by tick number
 */
export function accountOf(
  { manifest, plan, witnessed }: Witness,
  table: ChannelTable,
  body: AlertBody,
): Account | undefined {
  const cadence = manifest.grid.cadenceSeconds * 1000
  const sample = body.channels.find(({ sampleTime }) => sampleTime !== undefined)?.sampleTime
  const at = sample === undefined ? undefined : witnessed.get(Math.round(sample / cadence))
  if (at === undefined) return undefined
  const out = scored(plan)
  scoreFrame(plan, at.state, 0, at.frame, 0, out)
  const k = bestOf(out.p)
  const C = plan.channels.length
  const K = plan.horizons.length
  const seconds = plan.horizons[k]! * manifest.grid.cadenceSeconds
  const name = (c: number): string => table.channels[plan.channels[c]!]!.label
  const unit = (c: number): string => table.channels[plan.channels[c]!]!.unit
  const seen = Array.from({ length: C }, (_, c) => c).filter((c) => at.frame.masks[plan.channels[c]!] === 1)
  const tests = Array.from(plan.tests[k]!)
    .filter((test) => !Number.isNaN(out.statistic[test]!))
    .map((test) => ({
      test,
      statistic: out.statistic[test]!,
      p: Math.min(1, tailProbability(plan.tails[test]!, out.statistic[test]!) * plan.shared[test]!),
    }))
    .sort((a, b) => a.p - b.p)
  const testName = (test: number): string =>
    test < K * C
      ? `residual of ${name(test % C)} at ${plan.horizons[Math.floor(test / C)]! * manifest.grid.cadenceSeconds} s`
      : test < K * C + C
        ? `leap of ${name(test % C)}`
        : `joint distance at ${plan.horizons[test - K * C - C]! * manifest.grid.cadenceSeconds} s`
  const says: Partial<Record<StepName, string[]>> = {
    frame: [`tick ${at.tick}, ${clock(at.tick * cadence)} UTC`, ...Array.from({ length: C }, (_, c) => {
      const [value, age] = [at.frame.values[plan.channels[c]!]!, at.frame.ages[plan.channels[c]!]!]
      const when = seen.includes(c) ? 'observed' : Number.isNaN(age) ? 'never seen' : `${short(age)} s old, not scored`
      return `${name(c)} ${Number.isNaN(value) ? '-' : `${short(value)} ${unit(c)}`}, ${when}`
    })],
    forecast: [`made ${seconds} s before, for this tick`, ...seen.map((c) => {
      const band = expectedBand(plan, at.state, 0, k, c, LEVEL)!
      return `${name(c)} ${short(band.mean)} ± ${short(band.sd)} ${unit(c)}, 99 % ${short(band.low)} to ${short(band.high)}`
    })],
    residual: seen.map((c) => {
      const own = ownSpread(plan, at.state, 0, k, c)
      return `${name(c)} z ${short(out.residual[k * C + c]!)}; in the patient's own spread of ${short(own)}: ${short(out.residual[k * C + c]! / own)}`
    }),
    whitening: [`minus log of the chi-square tail of the joint distance, ${seen.length} channels: ${short(out.statistic[K * C + C + k]!)} nats`, ...seen.map((c) => `${name(c)} share ${short(out.contribution[k * C + c]!)}; by the rest expected at z ${short(out.given[k * C + c]!)}`)],
    tail: [...tests.slice(0, LISTED).map(({ test, statistic, p }) => `${testName(test)}: ${short(statistic)}, by its share p ${p.toPrecision(3)}`), `the least of ${plan.tails.length} tests: p ${out.p[k]!.toPrecision(4)}`],
    policy: policyOf(witnessed, body, manifest, at, plan, cadence),
  } // biome-ignore format: one step, one entry
  return { says, p: out.p[k]! }
}

/** The ticks whose p fell below the patient's q, up to the alert. */
function policyOf(
  witnessed: ReadonlyMap<number, Witnessed>,
  body: AlertBody,
  { policy }: Witness['manifest'],
  at: Witnessed,
  plan: Witness['plan'],
  cadence: number,
): string[] {
  const said = Math.round(body.times.detected / cadence)
  const counting: string[] = []
  for (let tick = said - policy.of + 1; tick <= said; tick++) {
    const there = witnessed.get(tick)
    if (there === undefined) continue
    const out = scored(plan)
    scoreFrame(plan, there.state, 0, there.frame, 0, out)
    const p = out.p[bestOf(out.p)]!
    if (p < there.q) counting.push(`${clock(tick * cadence)}: p ${p.toPrecision(3)} < q ${there.q.toPrecision(3)}`)
  }
  return [
    `the patient's own q at that tick: ${at.q.toPrecision(4)} (the policy's: ${policy.q})`,
    `an alert at ${policy.n} of ${policy.of} ticks below q; of the last ${policy.of} when it was raised:`,
    ...counting,
  ]
}

/** Horizon with the least p; 0 where none was due. */
function bestOf(p: Float64Array): number {
  let best = 0
  for (let k = 1; k < p.length; k++) if (p[k]! < p[best]! || Number.isNaN(p[best]!)) best = k
  return best
}

const short = (value: number): string => String(Number(value.toPrecision(4)))
const clock = (time: number): string => new Date(time).toISOString().slice(11, 19)
