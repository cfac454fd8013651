import { afterAll, expect, test } from 'vitest'
import { type Fuzzed, fuzz, type Target } from './fuzz.ts'
import { hl7Listener, hl7Messages } from './hl7.ts'
import { httpListener } from './http.ts'
import { kafkaBatches, kafkaRecords } from './kafka.ts'
import { recordings } from './recordings.ts'

/** By `npm run fuzz`: seconds for each target, the seed of its first inputs, and which one; half a second each in the suite. */
const { VIGIL_FUZZ_SECONDS: given, VIGIL_FUZZ_SEED: first, VIGIL_FUZZ_TARGET: only } = process.env
const seconds = Number(given ?? 0.5)
const seed = Number(first ?? 1)

const targets: Target[] = [
  hl7Messages,
  await hl7Listener(),
  kafkaRecords,
  kafkaBatches,
  await httpListener(),
  await recordings(),
]
const wanted = targets.filter(({ name }) => only === undefined || only === name)
const said = new Map<string, Fuzzed>()
afterAll(async () => {
  for (const { close } of targets) await close?.()
  if (given === undefined) return
  for (const [name, { runs, seconds }] of said)
    process.stdout.write(`${name}: ${runs} inputs in ${seconds.toFixed(0)} s, from seed ${seed}\n`)
})

test.each(wanted.map((it) => [it.name, it] as const))(
  '%s: whatever the bytes, it is read or refused, and the next one goes on',
  async (name, target) => {
    for (const [sample, bytes] of target.samples.entries()) await target.run(Buffer.from(bytes), sample)
    const fuzzed = await fuzz(target, seconds, seed)
    said.set(name, fuzzed)
    expect(fuzzed.runs).toBeGreaterThanOrEqual(100)
  },
  (seconds + 120) * 1000,
)

test('a law that is broken is found, made small, and found again by its seed', async () => {
  const target: Target = {
    name: 'made',
    samples: [Buffer.from('0123456789'.repeat(20))],
    run(bytes) {
      if (bytes.includes(0xff)) throw new Error('no 255')
    },
  }
  const [once, twice] = [await fuzz(target, 5, 1).catch(String), await fuzz(target, 5, 1).catch(String)]
  expect(once).toMatch(
    /made: no 255\nagain: npm run fuzz -- --target made --seed \d+\nsmallest \(\d+ bytes, sample 0, 1 edits\)/,
  )
  expect(String(once).replace(/: \S+$/, '')).toBe(String(twice).replace(/: \S+$/, ''))
})

test('a target that nobody knows is said', () => {
  expect(wanted.length, `targets: ${targets.map(({ name }) => name).join(', ')}`).toBeGreaterThan(0)
})
