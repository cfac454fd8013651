import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as Library from '../../src/library.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { PLAIN, ROOT, vigil } from './vigil.ts'

// what a program that depends on Vigil gets: the built package, by its own name
const { createDetector, replay }: typeof Library = await import('vigil' as string)

const EXAMPLES = join(ROOT, 'examples', 'recordings')
const RECORDING = join(EXAMPLES, 'bidmc_05_Numerics.csv')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-library-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function events(paths: string | readonly string[], options: Library.ReplayOptions = {}) {
  const found: Library.ReplayEvent[] = []
  for await (const event of replay(paths, options)) found.push(event)
  return found
}

/** The messages of NDJSON text. */
const messages = (text: string): Library.WireReading[] => text.trim().split('\n').map((line) => JSON.parse(line)) // biome-ignore format: one chain

function program(
  name: string,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join('examples', 'programs', name), ...args], { cwd: ROOT, env: PLAIN })
    const told = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        told[name] += text
      })
    child.on('close', (code) => resolve({ code, ...told }))
  })
}

describe('replay', () => {
  test('gives the alert bodies that `vigil replay` writes, byte for byte, and its frames', async () => {
    const [alerts, frames] = [join(folder, 'alerts'), join(folder, 'frames')]
    expect((await vigil(['replay', EXAMPLES, '--alerts', alerts, '--frames', frames, '--json'])).code).toBe(0)
    const found = await events(EXAMPLES, { frames: true })
    const lines = (kind: 'alert' | 'frame') => found.flatMap((it) => (it.kind === kind ? [`${JSON.stringify('alert' in it ? it.alert : 'frame' in it ? it.frame : undefined)}\n`] : [])).join('') // biome-ignore format: one chain
    expect(lines('alert')).toBe(await readFile(alerts, 'utf8'))
    expect(lines('frame')).toBe(await readFile(frames, 'utf8'))
    expect(lines('alert').length).toBeGreaterThan(1000)
  })

  test('of a range begins warming, with pinned models; a loop that is left ends it', async () => {
    const from = Date.UTC(2026, 0, 1, 0, 4)
    const found = await events(RECORDING, { from, frames: true, models: ['bedside@1.0.0'] })
    const frames = found.flatMap((it) => (it.kind === 'frame' ? [it.frame] : []))
    expect(frames[0]).toMatchObject({ time: from, watching: 'warming' })
    expect(frames.at(-1)?.watching).toBe('watching')
    await expect(events(RECORDING, { models: ['bedside@9.9.9'] })).rejects.toMatchObject({ code: 'model-not-found' })
    for await (const event of replay(EXAMPLES, { frames: true })) {
      expect(event.kind).toBe('frame')
      break
    }
  })

  test('gives everything that can be read before it says which recording is bad', async () => {
    const bad = join(folder, 'bad.csv')
    await writeFile(bad, 'what,is,this\n')
    const found: string[] = []
    const reading = (async () => {
      for await (const { kind } of replay([bad, RECORDING], { frames: true })) found.push(kind)
    })()
    await expect(reading).rejects.toMatchObject({ name: 'VigilError', code: 'recording-format', place: bad })
    expect(found.filter((kind) => kind === 'frame')).toHaveLength(481)
    await expect(events('nowhere')).rejects.toMatchObject({ code: 'data-missing' })
    await expect(events(RECORDING, { settings: { stream: { agreeing: 0 } } })).rejects.toMatchObject({ code: 'config-invalid', place: 'stream.agreeing' }) // biome-ignore format: one sentence
  })
})

describe('a detector', () => {
  test('fed one message at a time says what a replay of them says, and refuses what it cannot take', async () => {
    const path = join(folder, 'fed.ndjson')
    const feed = Array.from({ length: 400 }, (_, i) => ({
      patient: `p-${i % 2}`,
      time: Date.UTC(2026, 0, 1) + (i >> 1) * 1000,
      complete: true,
      values: { hr: i > 250 ? 150 : 72, spo2: i > 300 ? 82 : 97 },
    }))
    await writeFile(path, feed.map((it) => `${JSON.stringify(it)}\n`).join(''))
    const replayed = (await events(path)).flatMap((it) => (it.kind === 'alert' ? [it.alert] : []))
    const detector = await createDetector()
    try {
      expect(detector.models).toEqual([`bedside@${bedside.version}`])
      const steps = await Promise.all(messages(await readFile(path, 'utf8')).map((it) => detector.step(it)))
      expect(replayed.length).toBeGreaterThan(0)
      expect(JSON.stringify(steps.flatMap(({ alerts }) => alerts))).toBe(JSON.stringify(replayed))
      expect(steps.flatMap(({ frames }) => frames).length).toBe(400)
      const refused = await detector.step([{ nonsense: true } as never, { patient: 'p-0', time: 5, values: {} }])
      expect(refused.rejections.map(({ reason }) => reason)).toEqual(['unknown-field', 'implausible-time'])
      expect(Object.values(detector.watching).reduce((sum, beds) => sum + beds)).toBe(2)
    } finally {
      await detector.close()
    }
  })
})

test('every example program runs as it says', async () => {
  expect((await readdir(join(ROOT, 'examples', 'programs'))).sort()).toEqual([
    'alerts.js',
    'count-states.js',
    'feed.js',
  ])
  const alerts = await program('alerts.js', ['examples/recordings'])
  expect(alerts).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/medium start bidmc_\d\d/) })
  const feed = await program('feed.js', [])
  expect(feed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('SpO2 82 %, limit 90') })
  const counted = await program('count-states.js', ['examples/recordings/bidmc_05_Numerics.csv'])
  expect(counted).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(counted.stdout)).toEqual({
    bidmc_05: { warming: expect.any(Number), watching: expect.any(Number) },
  })
})
