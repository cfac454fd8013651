import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../src/inference/model-store.ts'
import { readAliases } from '../../src/inference/registry/aliases.ts'
import { lockFolder } from '../../src/inference/registry/lock.ts'
import { collector } from '../../src/retrain/collect.ts'
import { type CycleOptions, retrain } from '../../src/retrain/cycle.ts'
import { GateVerdict } from '../../src/vitals/gate-verdict.ts'
import { madeReading } from '../training/made-stays.ts'
import { collected, ENGINE, smallChampion } from './wards.ts'

const NOW = Date.UTC(2026, 0, 6)

describe('a cycle', () => {
  let registry: string
  const log: string[] = []
  const options = (more: Partial<CycleOptions> = {}): CycleOptions => ({
    registry,
    name: 'small',
    engine: ENGINE,
    seed: 1,
    epochs: 6,
    heldOut: 0.6,
    whenPassed: 'shadow',
    now: () => NOW,
    log: (line) => log.push(line),
    ...more,
  })
  const versions = async () => (await readdir(join(registry, 'small'))).filter((it) => !it.startsWith('.')).sort()
  const aliases = async () => (await readAliases(registry))['small']

  beforeAll(async () => {
    registry = await mkdtemp(join(tmpdir(), 'vigil-life-'))
    await smallChampion(registry, 1, 8, 2)
  }, 120_000)
  afterAll(() => rm(registry, { recursive: true }))

  it('registers the challenger with its verdict, in its card and beside it; one that passes is named, and can be opened', async () => {
    const of = collected('evaluation', 1, { beds: 30, hours: 0.4 })
    const feedback = { true: 2, false: 1, nuisance: 3 }
    const { dir, verdict } = await retrain({ ...of, feedback }, options())
    expect(verdict.reasons).toEqual([])
    expect(verdict).toMatchObject({
      decision: 'passed',
      model: 'small@1.1.0',
      champion: 'small@1.0.0',
      at: NOW,
      feedback,
    })
    expect(verdict.candidates.map(({ from }) => from)).toEqual(['champion', 'scratch'])
    expect(verdict.candidates.filter(({ chosen }) => chosen)).toHaveLength(1)
    expect(GateVerdict.parse(JSON.parse(await readFile(join(dir, 'verdict.json'), 'utf8')))).toEqual(verdict)
    const card = await readFile(join(dir, 'card.md'), 'utf8')
    expect(card).toContain('## The gate\n\nPassed against small@1.0.0')
    expect(card).toContain('Of 6 alerts that were judged in this window: 2 true, 1 false, 3 a nuisance.')
    expect(card).not.toMatch(/sim-\d/)
    expect(await aliases()).toEqual({ champion: '1.0.0', challenger: '1.1.0' })
    const { manifest } = await openModel(registry, 'small@challenger')
    expect(JSON.stringify(manifest)).not.toMatch(/sim-\d/)
    expect(manifest.reference!.channels).toHaveLength(4)
  }, 180_000)

  it('that is given nothing to train on, or one patient, ends with its reason: registry and champion are as they were', async () => {
    const before = await versions()
    const none = collector({ from: 0, to: 1 }).end()
    await expect(retrain(none, options())).rejects.toMatchObject({ code: 'data-unfit' })
    const one = collector({ from: 0, to: Number.POSITIVE_INFINITY })
    one.take(Array.from({ length: 900 }, (_, second) => madeReading(second, 80, 97)))
    await expect(retrain(one.end(), options())).rejects.toMatchObject({ code: 'data-unfit' })
    expect(await versions()).toEqual(before)
    expect(await aliases()).toMatchObject({ champion: '1.0.0' })
  })

  it('waits for nobody: who trains the model already is named', async () => {
    const lock = await lockFolder(join(registry, 'small'), 'the training of small')
    try {
      await expect(retrain(collector({ from: 0, to: 1 }).end(), options())).rejects.toThrow(
        `locked for the training of small by process ${process.pid}`,
      )
    } finally {
      await lock.release()
    }
  })
})
