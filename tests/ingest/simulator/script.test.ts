import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { VigilError } from '../../../src/errors.ts'
import { drawEpisodes, QUIET } from '../../../src/ingest/simulator/plan.ts'
import { checkEpisodes, readEpisodes } from '../../../src/ingest/simulator/script.ts'
import { simulatedInputs } from '../../../src/ingest/simulator/ward.ts'
import { truthPath, writeWard } from '../../../src/ingest/simulator/write.ts'
import { type Episode, type EpisodeKind, GroundTruth } from '../../../src/vitals/episode.ts'
import { everything, folder, table } from '../collect.ts'
import { ward } from './columns.ts'

const { dir, write } = folder()
const read = (name: string, text: string) => readEpisodes(write(name, text))

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(VigilError)
    expect((error as VigilError).code).toBe('episodes-invalid')
    return (error as VigilError).message
  }
  throw new Error('it was not refused')
}

const episode = (more: object): Episode => ({ kind: 'probe-off', bed: 1, at: 100, seconds: 60, ...more }) as Episode

describe('a script of episodes', () => {
  test('is read from YAML and from JSON', () => {
    const wanted = [{ kind: 'apnoea', bed: 2, at: 600, seconds: 60 }]
    expect(read('a.yaml', 'episodes:\n  - { kind: apnoea, bed: 2, at: 600, seconds: 60 }\n')).toEqual(wanted)
    expect(read('a.json', JSON.stringify({ episodes: wanted }))).toEqual(wanted)
  })

  test.each<[what: string, text: string, says: RegExp]>([
    [
      'an unknown kind',
      'episodes: [{ kind: levitation, bed: 1, at: 1, seconds: 5 }]',
      /episodes\.0\.kind: .*"levitation"/,
    ],
    ['a bed of no number', 'episodes: [{ kind: apnoea, bed: one, at: 1, seconds: 5 }]', /episodes\.0\.bed: .*"one"/],
    [
      'a size beyond its bounds',
      'episodes: [{ kind: haemorrhage, bed: 1, at: 1, seconds: 5, size: 80 }]',
      /size: .*80/,
    ],
    ['a key it does not know', 'episodes: [{ kind: apnoea, bed: 1, at: 1, seconds: 5, depth: 2 }]', /depth/],
    ['a missing size', 'episodes: [{ kind: sepsis, bed: 1, at: 1, seconds: 5 }]', /episodes\.0\.size: .*nothing/],
    ['no list', '[1, 2]', /the script: /],
    ['no YAML', 'episodes: [', /cannot be read/],
  ])('is refused for %s, with the path and the value', (_, text, says) => {
    expect(refusal(() => read('bad.yaml', text))).toMatch(says)
  })

  test('is refused when there is no such file', () => {
    expect(refusal(() => readEpisodes(`${dir}/none.yaml`))).toMatch(/cannot be read/)
  })

  test.each<[what: string, episodes: Episode[], says: RegExp]>([
    ['an unknown bed', [episode({ bed: 3 })], /episodes\.0: there is no bed 3, the ward has 2/],
    ['an end after the ward', [episode({ at: 3590 })], /it ends at 3650 s, the ward at 3600 s/],
    ['an unknown channel', [episode({ kind: 'stuck', channel: 'mood' })], /no channel "mood"/],
    [
      'a channel of no simulated monitor',
      [episode({ kind: 'stuck', channel: 'icp' })],
      /no channel "icp"; it has hr, pulse/,
    ],
    [
      'an overlap on one channel',
      [episode({}), episode({ kind: 'stuck', channel: 'spo2', at: 159 })],
      /episodes\.1: this stuck overlaps the probe-off of episodes\.0 at bed 1/,
    ],
    ['two bodily ones at a time', [episode({ kind: 'apnoea' }), episode({ kind: 'sepsis', size: 1 })], /overlaps/],
    [
      'anything during a handover',
      [episode({ kind: 'handover' }), episode({ kind: 'apnoea', at: 130 })],
      /overlaps the handover/,
    ],
  ])('cannot be played for %s', (_, episodes, says) => {
    expect(refusal(() => checkEpisodes(episodes, 2, 1))).toMatch(says)
  })

  test('a sensor may fail while the patient is ill, and another bed may do what it likes', () => {
    const fine = [
      episode({ kind: 'sepsis', size: 1, seconds: 3000 }),
      episode({}),
      episode({ kind: 'lead-off' }),
      episode({ bed: 2, kind: 'handover' }),
      episode({ at: 160 }),
    ]
    expect(() => checkEpisodes(fine, 2, 1)).not.toThrow()
  })
})

test('episodes that are drawn can be played, one a bed, the kinds in turn, none before the ward has settled', () => {
  const kinds: EpisodeKind[] = [
    'sepsis',
    'haemorrhage',
    'apnoea',
    'desaturation',
    'arrhythmia',
    'probe-off',
    'stuck',
    'flushed-line',
  ]
  const drawn = drawEpisodes({ kinds, beds: 80, hours: 24, seed: 3 })
  expect(() => checkEpisodes(drawn, 80, 24)).not.toThrow()
  expect(drawn.map(({ kind }) => kind)).toEqual(Array.from({ length: 80 }, (_, i) => kinds[i % kinds.length]))
  expect(drawn.every(({ at }) => at >= QUIET)).toBe(true)
  expect(drawEpisodes({ kinds, beds: 80, hours: 24, seed: 3 })).toEqual(drawn)
  expect(drawEpisodes({ kinds, beds: 80, hours: 24, seed: 4 })).not.toEqual(drawn)
})

describe('a ward in a file', () => {
  const given = ward({ beds: 2, hours: 0.25, episodes: [episode({ kind: 'handover', seconds: 30 })] })

  test('is read back as what was simulated, journal entries at their places, nothing refused', async () => {
    const path = `${dir}/ward.ndjson`
    const told: number[] = []
    const readings = await writeWard(given, table, path, (count) => told.push(count))
    const { inputs, rejections, error } = await everything(path)
    expect([rejections, error]).toEqual([[], undefined])
    const simulated = [...simulatedInputs(given, table)].flatMap((batch) => batch.inputs)
    expect(inputs).toEqual(simulated.map((it) => (it.kind === 'reading' ? { ...it, mode: 'replay' } : it)))
    expect(readings).toBe(simulated.filter(({ kind }) => kind === 'reading').length)
    expect(told.at(-1)).toBe(readings)
    expect(GroundTruth.parse(JSON.parse(readFileSync(truthPath(path), 'utf8'))).episodes).toHaveLength(1)
  })

  test('that cannot be written is a coded error', async () => {
    const failed = writeWard(given, table, `${dir}/no/such/folder/ward.ndjson`, () => {})
    await expect(failed).rejects.toMatchObject({ code: 'sink-failed' })
  })

  test.each([
    ['ward.ndjson', 'ward.truth.json'],
    ['ward.jsonl', 'ward.truth.json'],
    ['ward', 'ward.truth.json'],
  ])('the truth of %s is %s', (path, truth) => {
    expect(truthPath(path)).toBe(truth)
  })
})
