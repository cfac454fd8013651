import { describe, expect, test } from 'vitest'
import { type Episode, type SimulatedBed, simulatedBed } from '../../src/ingest/simulated-bed.ts'
import { simulatedSource } from '../../src/ingest/simulated-source.ts'
import type { InputBatch } from '../../src/stream/ports.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import { named, table } from './collect.ts'

const start = Date.UTC(2026, 0, 1)
const bed = (over: Partial<SimulatedBed> = {}) => [
  ...simulatedBed({ seed: 7, start, hours: 2, patientKey: 'sim', bed: '1', ...over }, table),
]
const column = (readings: readonly Reading[], name: string) => readings.map((it) => named(it)[name] as number)

describe('a simulated bed', () => {
  test('is a function of its seed', () => {
    expect(bed()).toEqual(bed())
    expect(column(bed(), 'hr')).not.toEqual(column(bed({ seed: 8 }), 'hr'))
  })

  test('gives one whole set a second, in whole numbers inside the hard ranges, all ok', () => {
    const readings = bed()
    expect(readings).toHaveLength(7200)
    const wrong = readings.filter(
      (reading, second) =>
        reading.time !== start + second * 1000 ||
        !reading.complete ||
        reading.channels.some((index, i) => {
          const { range, resolution } = table.channels[index]!
          const steps = reading.values[i]! / resolution
          const inside = reading.values[i]! >= range[0] && reading.values[i]! <= range[1]
          return reading.statuses[i] !== 0 || !inside || Math.abs(steps - Math.round(steps)) > 1e-6
        }),
    )
    expect(wrong).toEqual([])
  })

  test('measures a cuff pressure every 15 minutes and a temperature every hour', () => {
    const readings = bed()
    const seconds = (name: string) => readings.flatMap((it, i) => (name in named(it) ? [i] : []))
    expect(seconds('nibp_sys')).toEqual([899, 1799, 2699, 3599, 4499, 5399, 6299, 7199])
    expect(seconds('temp')).toEqual([0, 3600])
  })

  test('wanders slowly: a second is like the one before it, and not like one ten minutes later', () => {
    const hr = column(bed(), 'hr')
    const rms = (lag: number) =>
      Math.sqrt(hr.slice(lag).reduce((sum, it, i) => sum + (it - hr[i]!) ** 2, 0) / (hr.length - lag))
    expect(rms(600)).toBeGreaterThan(1.5 * rms(1))
    expect(rms(600)).toBeLessThan(20)
  })

  test('a scripted desaturation goes down and comes back', () => {
    const episodes: Episode[] = [{ kind: 'desaturation', at: 600, seconds: 240, size: 14 }]
    const [calm, ill] = [column(bed(), 'spo2'), column(bed({ episodes }), 'spo2')]
    expect(ill.slice(0, 600)).toEqual(calm.slice(0, 600))
    expect(calm[720]! - ill[720]!).toBeGreaterThan(11)
    // what the monitor prints keeps the last digit it came by: it may differ by one
    const apart = ill.slice(900).map((value, i) => Math.abs(value - calm[900 + i]!))
    expect(Math.max(...apart)).toBeLessThanOrEqual(1)
  })

  test('a scripted tachycardia comes within seconds, in heart rate and pulse', () => {
    const episodes: Episode[] = [{ kind: 'tachycardia', at: 600, seconds: 60, size: 45 }]
    for (const name of ['hr', 'pulse']) {
      const [calm, ill] = [column(bed(), name), column(bed({ episodes }), name)]
      expect(ill.slice(0, 600)).toEqual(calm.slice(0, 600))
      expect(ill[620]! - calm[620]!).toBeGreaterThan(40)
      expect(ill[700]! - calm[700]!).toBeLessThanOrEqual(1)
    }
  })
})

test('a simulated ward is a source in time order, each bed as it would be alone', async () => {
  const batches: InputBatch[] = []
  await new Promise<void>((resolve, reject) =>
    simulatedSource({ table, beds: 5, seed: 3, hours: 0.01, start }).subscribe({
      next: (batch) => {
        batches.push(batch)
        batch.done()
      },
      error: reject,
      complete: resolve,
    }),
  )
  const readings = batches.flatMap(({ inputs }) => inputs) as Reading[]
  expect(readings).toHaveLength(5 * 36)
  expect(readings.every((it, i) => i === 0 || it.time >= readings[i - 1]!.time)).toBe(true)
  const alone = readings.filter(({ patientKey }) => patientKey === 'sim-2')
  expect(alone.map(({ time }) => time)).toEqual(Array.from({ length: 36 }, (_, i) => start + i * 1000))
  expect(new Set(readings.map(({ patientKey }) => patientKey)).size).toBe(5)
  expect(readings[0]!.mode).toBe('demo')
  expect(new Set(readings.slice(0, 5).map(({ values }) => values.join())).size).toBe(5)
})
