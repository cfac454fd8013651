import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ICU48_CHANNELS } from '../../../src/inference/hourly/icu48-channels.ts'
import { decodeOutcomes, decodeRecord, readPhysionet2012 } from '../../../src/training/cohorts/physionet2012.ts'
import { type HourlyStay, noFaults } from '../../../src/training/cohorts/stay.ts'

const HEAD = 'Time,Parameter,Value\n00:00,RecordID,132539\n00:00,Age,54\n00:00,Height,-1\n'
const name = (channel: number) => ICU48_CHANNELS[channel]!.parameter

describe('a record of the Challenge 2012', () => {
  it('is 48 rows of readings, -1 unknown, 48:00 in the last', () => {
    const faults = noFaults()
    const stay = decodeRecord('1', `${HEAD}00:07,HR,73\r\n01:59,HR,75\n48:00,HR,80\n01:10,Unheard,3\n`, faults)!
    expect(stay.from).toHaveLength(49)
    const of = (row: number) =>
      Array.from(stay.channels.subarray(stay.from[row]!, stay.from[row + 1]!), (channel, i) => [
        name(channel),
        stay.values[stay.from[row]! + i],
      ])
    expect(of(0)).toEqual([['Age', 54], ['HR', 73]]) // biome-ignore format: one row
    expect(of(1)).toEqual([['HR', 75]])
    expect(of(47)).toEqual([['HR', 80]])
    expect(faults).toEqual(noFaults())
  })

  it('counts lines that are none, and never throws', () => {
    const faults = noFaults()
    decodeRecord('1', `${HEAD}00:07,HR\n00:08,HR,x\n99:00,HR,1\nhello\n`, faults)
    expect(faults).toEqual({ ...noFaults(), rows: 2, values: 2 })
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        decodeRecord('1', text, noFaults())
      }),
    )
  })

  it('without one readable line is none', () => {
    expect(decodeRecord('1', 'Time,Parameter,Value\n', noFaults())).toBeUndefined()
  })
})

it('outcomes go by the names of their columns; another answer than 0 and 1 is refused', () => {
  const text = 'RecordID,SAPS-I,In-hospital_death\n1,5,0\n2,16,1\n'
  expect([...decodeOutcomes(text)]).toEqual([['1', 0], ['2', 1]]) // biome-ignore format: two
  expect(() => decodeOutcomes('RecordID,Survival\n1,2\n')).toThrow('In-hospital_death')
  expect(() => decodeOutcomes('RecordID,In-hospital_death\n1,-1\n')).toThrow('line 2')
})

describe('a folder of the Challenge 2012', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vigil-2012-'))
    await mkdir(join(dir, 'set-a'))
    await writeFile(join(dir, 'set-a', '1.txt'), `${HEAD}00:07,HR,73\n`)
    await writeFile(join(dir, 'set-a', '2.txt'), `${HEAD}00:07,HR,99\n`)
  })
  afterEach(() => rm(dir, { recursive: true }))
  const read = async (faults = noFaults()) => {
    const stays: HourlyStay[] = []
    for await (const stay of readPhysionet2012(dir, faults)) stays.push(stay)
    return stays
  }
  const outcomes = (text: string) => writeFile(join(dir, 'Outcomes-a.txt'), `RecordID,In-hospital_death\n${text}`)

  it('gives every stay its outcome, and none where there are none', async () => {
    expect((await read()).map(({ labels }) => labels)).toEqual([undefined, undefined])
    await outcomes('1,0\n2,1\n')
    expect((await read()).map(({ labels }) => labels?.[0])).toEqual([0, 1])
  })

  it('fails where a record has no outcome, and counts an outcome that has no record', async () => {
    await outcomes('1,0\n')
    await expect(read()).rejects.toMatchObject({ code: 'recording-format' })
    await outcomes('1,0\n2,1\n3,1\n')
    const faults = noFaults()
    await read(faults)
    expect(faults.missing).toBe(1)
  })

  it('fails on outcomes that are none, and where there is no record', async () => {
    await outcomes('1,maybe\n')
    await expect(read()).rejects.toMatchObject({ code: 'recording-format' })
    await rm(join(dir, 'set-a'), { recursive: true })
    await rm(join(dir, 'Outcomes-a.txt'))
    await expect(read()).rejects.toMatchObject({ code: 'data-missing' })
  })
})
