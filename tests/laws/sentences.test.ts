import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SENSORS } from '../../src/scoring/sensor-table.ts'
import { unitName, valueText } from '../../src/scoring/sentence.ts'
import { AlertBody } from '../../src/vitals/alert.ts'
import { CHANNELS, type Channel } from '../../src/vitals/channels.ts'
import { ADULT_LIMITS } from '../../src/vitals/limits.ts'
import { reading } from '../stream/reading.ts'
import { realWards } from '../stream/real-ward.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const calm: Values = { hr: 72, pulse: 72, spo2: 97, resp: 16 }
type Values = Readonly<Record<string, number>>

/** seconds of a bed from `from` on; a value moves by one now and then, so that nothing but what is meant stands still */
const seconds = (from: number, to: number, values: (second: number) => Values) =>
  Array.from({ length: to - from }, (_, i) =>
    reading({ time: T0 + (from + i) * 1000, values: values(from + i), complete: true }),
  )
const moving = (values: Values) => (second: number) =>
  Object.fromEntries(Object.entries(values).map(([name, value], c) => [name, value + (Math.floor(second / 5 + c) % 2)]))
const without = (values: Values, ...names: string[]) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))

const coded = (name: string) => name.replaceAll('_', '-')
const TIME = '\\d\\d:\\d\\d:\\d\\d'
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
/** a value of the channel with at least its decimals, its label before it and its unit behind it */
function measured(channel: Channel): string {
  const decimals = (valueText(channel, channel.range[0]).split('.')[1] ?? '').length
  const number = decimals === 0 ? '-?\\d+(\\.\\d{1,3})?' : `-?\\d+\\.\\d{${decimals},${decimals + 3}}`
  return `${escaped(channel.label)} ${number} ${escaped(unitName(channel))}`
}
const any = (channels: readonly Channel[], of: (channel: Channel) => string) => `(${channels.map(of).join('|')})`
const named = (name: string) => CHANNELS.find((channel) => channel.name === name)!
const SENSED = SENSORS.map(({ channel }) => named(channel))
const FORECAST = ['hr', 'pulse', 'spo2', 'resp'].map(named)
const unitOf = (channel: Channel) => escaped(unitName(channel))
const cut = (channel: Channel) => `-?\\d+(\\.\\d+)? to -?\\d+(\\.\\d+)? ${unitOf(channel)}`

/** What each code says, whole: the templates of docs/alerts.md. */
const SAYS: Readonly<Record<string, string>> = {
  unexpected: any(FORECAST, (it) => `${measured(it)}, (expected|unusual within) ${cut(it)}, since ${TIME}`),
  drift: any(FORECAST, (it) => `${measured(it)}, slowly (rising|falling) since ${TIME}(, ${measured(it)} in the hours before)?`),
  'leads-off': `No heart rate by ECG since ${TIME}: check the leads \\(${measured(named('pulse'))}\\)`,
  'probe-off': `No SpO2 and no pulse since ${TIME}: check the probe \\(${measured(named('hr'))}\\)`,
  'abp-missing': `No ABP since ${TIME}: check the line`,
  'pap-missing': `No PAP since ${TIME}: check the line`,
  'abp-damped': `ABP swings by \\d+ mmHg, usually \\d+, since ${TIME}: check the line`,
  'pap-damped': `PAP swings by \\d+ mmHg, usually \\d+, since ${TIME}: check the line`,
  'pulse-mismatch': `(${measured(named('hr'))}, but ${measured(named('pulse'))}|${measured(named('pulse'))}, but ${measured(named('hr'))}), since ${TIME}`,
  asystole: `HR 0 /min: asystole, since ${TIME}`,
  'news2-urgent': `NEWS2 at least [56]: .+, since ${TIME}`,
  'news2-emergency': `NEWS2 at least (7|8|9|1\\d|20): .+, since ${TIME}`,
  'signal-lost': `No signal since ${TIME}: the bed is not watched`,
  'stale-bed': `No valid values since ${TIME}: the bed is not watched`,
  'model-failed': `Model (bedside fails since ${TIME}: fixed limits only|(sepsis|mortality) fails since ${TIME}: no risk of it)`,
  ...Object.fromEntries(
    SENSED.flatMap((channel) => [
      [`${coded(channel.name)}-missing`, `No ${escaped(channel.label)} since ${TIME}`],
      [`${coded(channel.name)}-flat-line`, `${measured(channel)} unchanged, since ${TIME}: check the sensor`],
      [`${coded(channel.name)}-implausible-jump`, `${measured(channel)} after ${measured(channel)}: implausible jump, set aside`],
    ]),
  ),
  ...Object.fromEntries(
    ['abp', 'nibp', 'pap'].map((name) => [`${name}-contradiction`, `${measured(named(`${name}_mean`))} is not within \\d+ and \\d+: set aside`]),
  ),
  ...Object.fromEntries(
    Object.keys(ADULT_LIMITS).flatMap((name) =>
      ['low', 'high'].map((side) => [`${coded(name)}-${side}`, `${measured(named(name))}, limit -?\\d+(\\.\\d+)?, since ${TIME}`]),
    ),
  ),
} // biome-ignore format: one code, one line

const said = new Map<string, AlertBody[]>()
let wards: Awaited<ReturnType<typeof realWards>>
/** Beds at which each of the codes comes up, on the shipped model. */
beforeAll(async () => {
  wards = await realWards()
  const keep = (bodies: readonly AlertBody[]) => {
    for (const body of bodies) said.set(body.code, [...(said.get(body.code) ?? []), body])
  }
  const lives = async (...parts: ReturnType<typeof seconds>[]) => {
    const bed = wards.fresh()
    for (const part of parts) await bed.give(part)
    keep(bed.bodies())
    return bed
  }
  const settled = seconds(0, 120, moving(calm))
  await lives(settled, seconds(120, 150, moving({ ...calm, pulse: 84, spo2: 92, resp: 25 })))
  await lives(settled, seconds(120, 150, moving(without(calm, 'hr'))))
  await lives(settled, seconds(120, 180, moving(without(calm, 'pulse', 'spo2'))))
  await lives(
    settled,
    seconds(120, 240, (s) => moving({ ...calm, pulse: 72 - Math.min(30, s - 120) })(s)),
  )
  await lives(
    settled,
    seconds(120, 121, () => ({ ...calm, hr: 0 })),
  )
  await lives(settled, seconds(120, 160, moving({ hr: 112, pulse: 112, spo2: 93, resp: 22 })))
  await lives(settled, seconds(120, 160, moving({ hr: 135, pulse: 135, spo2: 88, resp: 27 })))
  const silent = await lives(settled)
  await silent.give(silent.ward.silent(31_000, 30))
  keep(silent.bodies('signal-lost'))
  const stale = seconds(120, 260, () => calm).map((it) => ({ ...it, statuses: it.statuses.map(() => 2) }))
  await lives(settled, stale)
  const failing = wards.fresh()
  await failing.give(settled)
  wards.engine.writeState(0, new Float32Array(wards.engine.stateSize).fill(Number.NaN))
  await failing.give(seconds(120, 123, moving(calm)))
  keep(failing.bodies())
  // three hours, the last half hour higher
  await lives(
    seconds(0, 12_600, (s) =>
      moving(
        s < 9000
          ? calm
          : { ...calm, hr: 72 + Math.min(30, (s - 9000) / 20), pulse: 72 + Math.min(30, (s - 9000) / 20) },
      )(s),
    ),
  )
  for (const { channel: name, leap } of SENSORS) {
    const channel = named(name)
    const at = calm[name] ?? (channel.range[0] + channel.range[1]) / 2
    const beside = { ...(name === 'hr' ? without(calm, 'pulse') : name === 'pulse' ? without(calm, 'hr') : calm) }
    const own = (value: number) => ({ ...beside, [name]: value })
    const regular = seconds(0, 120, (s) => own(at + (s % 2) * channel.resolution))
    // a line's channels are missed together, or after as long
    await lives(regular, seconds(120, 300, moving(without(beside, name))))
    await lives(
      regular,
      seconds(120, 400, (s) => ({ ...moving(beside)(s), [name]: at })),
    )
    if (Number.isFinite(leap))
      await lives(
        regular,
        seconds(120, 122, () => own(at + (at + 2 * leap <= channel.range[1] ? 2 : -2) * leap)),
      )
  }
  for (const name of ['abp', 'pap']) {
    const line = { [`${name}_sys`]: 110, [`${name}_dia`]: 60, [`${name}_mean`]: 80 }
    const whole = seconds(0, 120, moving({ ...calm, ...line }))
    await lives(whole, seconds(120, 300, moving(calm)))
    const damped = { ...line, [`${name}_sys`]: 88, [`${name}_dia`]: 76 }
    await lives(seconds(0, 180, moving({ ...calm, ...line })), seconds(180, 230, moving({ ...calm, ...damped })))
  }
  for (const name of ['abp', 'nibp', 'pap'])
    await lives(
      settled,
      seconds(120, 122, () => ({ ...calm, [`${name}_sys`]: 60, [`${name}_dia`]: 40, [`${name}_mean`]: 30 })),
    )
  for (const [name, limit] of Object.entries(ADULT_LIMITS)) {
    for (const beyond of [limit.low! - 0.04, limit.high! + 0.04])
      if (Number.isFinite(beyond)) await lives(seconds(0, 40, () => ({ [name]: beyond })))
  }
}, 120_000)
afterAll(() => wards.close())

describe('the sentence a nurse reads', () => {
  it('is known of every code that docs/alerts.md lists', () => {
    const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8')
    const table = page.slice(page.indexOf('| code | detector |'), page.indexOf('### The label'))
    const listed = table
      .split('\n')
      .slice(2)
      .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!))
    expect(listed.length).toBeGreaterThan(15)
    // an hourly model's sentence is held by tests/scoring/risk-condition.test.ts
    listed.splice(listed.indexOf('NAME-risk'), 1)
    const patterns = listed.map((code) => new RegExp(`^${code.replace(/<[a-z]+>/, '[a-z0-9-]+')}$`))
    expect(patterns.filter((pattern) => !Object.keys(SAYS).some((code) => pattern.test(code)))).toEqual([])
    expect([...said.keys()].filter((code) => !patterns.some((pattern) => pattern.test(code)))).toEqual([])
  })

  it('is the template of its code, whole, with the unit of its channel, and fits 80 characters: of every code', () => {
    const never = Object.keys(SAYS).filter((code) => !said.has(code))
    expect(never.filter((code) => !UNREACHED.has(code))).toEqual([])
    for (const [code, bodies] of said) {
      for (const body of bodies) {
        expect(AlertBody.parse(body).label.length).toBeLessThanOrEqual(80)
        expect(body.label, code).toMatch(new RegExp(`^${SAYS[code]}$`))
        expect(body.explanation.text.length).toBeGreaterThan(20)
      }
    }
  })
})

/** Limits that the defaults do not set on that side, and faults that the sensor logic does not look for. */
const UNREACHED: ReadonlySet<string> = new Set([
  ...Object.entries(ADULT_LIMITS).flatMap(([name, { low, high }]) => {
    const [least, most] = named(name).range
    return [
      ...((low ?? least) <= least ? [`${coded(name)}-low`] : []),
      ...((high ?? most) >= most ? [`${coded(name)}-high`] : []),
    ]
  }),
  ...SENSORS.filter(({ flat }) => flat === undefined).map(({ channel }) => `${coded(channel)}-flat-line`),
  ...SENSORS.filter(({ leap }) => leap === Number.POSITIVE_INFINITY).map(
    ({ channel }) => `${coded(channel)}-implausible-jump`,
  ),
  ...SENSED.filter(({ cadence }) => cadence !== 'continuous').map(({ name }) => `${coded(name)}-missing`),
])
