import { describe, expect, it } from 'vitest'
import { CHANNELS, type Channel, channelTable } from '../../src/vitals/channels.ts'

const troponin: Channel = {
  name: 'troponin_i', label: 'TroponinI', meaning: 'troponin I', unit: 'ng/mL', range: [0.1, 900], resolution: 0.01, cadence: 'episodic', loinc: [],
} // biome-ignore format: one channel

describe('a channel table', () => {
  it('has a channel that two manifests declare once: in the finer resolution, over both ranges', () => {
    const other = { ...troponin, unit: 'ug/L', resolution: 0.1, range: [0, 1000] as [number, number] }
    const { channels, index } = channelTable([other, troponin])
    expect(channels).toHaveLength(CHANNELS.length + 1)
    expect(channels[index.get('troponin_i')!]).toMatchObject({ unit: 'ug/L', resolution: 0.01, range: [0, 1000] })
  })

  it('refuses one name for two units, and a built-in channel in another resolution', () => {
    expect(() => channelTable([troponin, { ...troponin, unit: 'mmol/L' }])).toThrow(RangeError)
    expect(() => channelTable([{ ...CHANNELS[0]!, resolution: 0.1 }])).toThrow(RangeError)
    expect(() => channelTable([{ ...CHANNELS[0]!, unit: '%' }])).toThrow(RangeError)
  })
})
