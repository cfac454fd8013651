import { expect, test } from 'vitest'
import { Sensing } from '../../src/stream/sensing.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { type FrameColumns, frameColumns } from '../../src/vitals/frame.ts'

const table = channelTable()
const width = table.channels.length
const at = (name: string) => table.index.get(name)!

/** A round of one patient: a pulse oximeter that is off, a heart rate that is not. */
function round(tick: number, hr: number): FrameColumns {
  const frame = frameColumns(1, width)
  frame.count = 1
  frame.ticks[0] = tick
  frame.values.fill(Number.NaN)
  frame.ages.fill(Number.NaN)
  for (const [name, value] of [['hr', hr], ['spo2', 0], ['pulse', 0]] as const) {
    frame.values[at(name)] = value
    frame.masks[at(name)] = 1
    frame.ages[at(name)] = 0
  } // biome-ignore format: the pairs
  return frame
}

test('what is left of a round stands while the next one is sifted: its reconstructor may still read it', () => {
  const sensing = new Sensing(table, 1)
  sensing.reset(0)
  let tick = 0
  let sifted: FrameColumns
  let came: FrameColumns
  // until something of it is set aside
  do {
    came = round(++tick, 60 + (tick % 7))
    sifted = sensing.sift(came)
  } while (sifted === came && tick < 600)
  expect(sifted).not.toBe(came)
  const values = sifted.values.slice()
  const hr = came.values[at('hr')]! + 2
  const next = sensing.sift(round(tick + 1, hr))
  expect(next).not.toBe(sifted)
  expect(next.values[at('hr')]).toBe(hr)
  expect(sifted.values).toEqual(values)
})
