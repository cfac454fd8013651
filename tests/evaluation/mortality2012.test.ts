import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluateMortality2012 } from '../../src/evaluation/mortality2012.ts'
import { predictionFolder } from '../../src/evaluation/prediction-files.ts'
import { ICU48_CHANNELS } from '../../src/inference/hourly/icu48-channels.ts'
import type { ModelBundle } from '../../src/inference/model-store.ts'
import { random } from '../../src/random.ts'
import type { ClassifierManifest } from '../../src/vitals/classifier-manifest.ts'
import { madeClassifier } from './made-classifier.ts'

function madeRecord(id: number): string {
  const { uniform } = random(id)
  const lines = ['Time,Parameter,Value', `00:00,RecordID,${id}`]
  for (let hour = 0; hour < 48; hour++) {
    for (const { parameter, channel } of ICU48_CHANNELS) {
      if (uniform() > 0.15) continue
      const [low, high] = channel.range
      lines.push(`${String(hour).padStart(2, '0')}:30,${parameter},${low + uniform() * Math.min(high - low, 250)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

describe('evaluating death in hospital', () => {
  let bundle: ModelBundle<ClassifierManifest>
  let dir: string
  const IDS = [132600, 132601, 132602, 132603, 132604, 132605]

  beforeAll(async () => {
    bundle = await madeClassifier('icu-48h')
    dir = await mkdtemp(join(tmpdir(), 'vigil-mortality-'))
    await mkdir(join(dir, 'set-c'))
    for (const id of IDS) await writeFile(join(dir, 'set-c', `${id}.txt`), madeRecord(id))
  })
  afterAll(() => rm(dir, { recursive: true }))

  const scored = async () => {
    const out = join(dir, 'predictions')
    const { report } = await evaluateMortality2012(bundle, dir, await predictionFolder(out))
    return { report, lines: (await readFile(join(out, 'predictions.csv'), 'utf8')).trimEnd().split('\n') }
  }

  it('without outcomes gives predictions by record and says that there is no metric', async () => {
    const { report, lines } = await scored()
    expect(report).toMatchObject({ labels: false, event1: null, auroc: null, auprc: null, patients: 6 })
    expect(lines[0]).toBe('RecordID,probability,label')
    expect(lines.slice(1).map((line) => Number(line.split(',')[0]))).toEqual(IDS)
    for (const line of lines.slice(1)) expect(line).toMatch(/^\d+,0\.\d+(e-\d+)?,[01]$/)
  })

  it('says of a stay of one readable line, or in which nothing was measured, what it says of nobody known', async () => {
    const bare = await mkdtemp(join(tmpdir(), 'vigil-mortality-bare-'))
    await writeFile(join(bare, '7.txt'), 'Time,Parameter,Value\n00:00,RecordID,7\n')
    await writeFile(join(bare, '8.txt'), 'Time,Parameter,Value\n00:00,RecordID,8\n00:00,Age,-1\n00:00,HR,-1\n')
    await writeFile(join(bare, '9.txt'), Buffer.from([0xff, 0xfe, ...Buffer.from('00:00,RecordID,9\n', 'utf16le')]))
    await writeFile(join(bare, '10.txt'), 'no row at all')
    const { report } = await evaluateMortality2012(bundle, bare, await predictionFolder(join(bare, 'out')))
    expect(report).toMatchObject({ patients: 3, labels: false, baselines: null, faults: { files: 1 } })
    const said = (await readFile(join(bare, 'out', 'predictions.csv'), 'utf8')).trimEnd().split('\n').slice(1)
    expect(new Set(said.map((line) => line.split(',')[1])).size).toBe(1)
    await rm(bare, { recursive: true })
  })

  it('with outcomes gives the same predictions and every key of the contract', async () => {
    const before = (await scored()).lines
    await writeFile(join(dir, 'Outcomes-c.txt'), `RecordID,In-hospital_death\n${IDS.map((id, i) => `${id},${i % 2}\n`).join('')}`)
    const { report, lines } = await scored()
    expect(lines).toEqual(before)
    expect(report).toMatchObject({ labels: true, patients: 6, deaths: 3 })
    for (const key of ['event1', 'auroc', 'auprc'] as const) expect(report[key]).toEqual(expect.any(Number))
  }) // biome-ignore format: the file

  it('never changes a past hour when the future does, and says the same of a stay alone and in another order', async () => {
    const CUT = 20
    /** every hour's probability, by record, of made stays whose values from hour CUT on may be others */
    const hours = async (ids: readonly number[], later: boolean) => {
      const data = await mkdtemp(join(tmpdir(), 'vigil-mortality-hours-'))
      for (const id of ids) {
        const text = later ? madeRecord(id).replace(/^(\d\d)(:30,[^,]+,)(.*)$/gm, (line, hour, middle, value) => (Number(hour) < CUT ? line : `${hour}${middle}${Number(value) * 0.8}`)) : madeRecord(id) // biome-ignore format: one line
        await writeFile(join(data, `${id}.txt`), text)
      }
      await writeFile(
        join(data, 'Outcomes-x.txt'),
        `RecordID,In-hospital_death\n${ids.map((id) => `${id},${id % 2}\n`).join('')}`,
      )
      const { cases } = await evaluateMortality2012(bundle, data)
      await rm(data, { recursive: true })
      return new Map(cases.map(({ stay, probabilities }) => [stay.name, probabilities]))
    }
    const whole = await hours(IDS, false)
    const changed = await hours(IDS, true)
    for (const [name, before] of whole) {
      expect(changed.get(name)!.subarray(0, CUT)).toEqual(before.subarray(0, CUT))
      expect(changed.get(name)!.subarray(CUT)).not.toEqual(before.subarray(CUT))
    }
    const name = String(IDS[3])
    expect((await hours([IDS[3]!], false)).get(name)).toEqual(whole.get(name))
    expect((await hours(IDS.toReversed(), false)).get(name)).toEqual(whole.get(name))
  })
})
