import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { LatencyBench } from '../../src/bench/latency.ts'
import { latencyFigure, latencyTable } from '../../src/bench/latency-figure.ts'
import { latencyOf } from '../../src/bench/paced.ts'
import { watching } from '../../src/bench/watching.ts'
import type { FrameTap, Sink } from '../../src/stream/ports.ts'

const DOCS = new URL('../../docs/', import.meta.url)

describe('latency by load', () => {
  test('figure and table of the documentation are those of what was measured', async () => {
    const measured = JSON.parse(await readFile(new URL('bench/latency.json', DOCS), 'utf8')) as LatencyBench
    await expect(latencyFigure(measured)).toMatchFileSnapshot('../../docs/images/latency.svg')
    await expect(latencyTable(measured)).toMatchFileSnapshot('../../docs/bench/latency.md')
  })

  test('quantiles of delays in any order; of none, none', () => {
    const delays = Array.from({ length: 200 }, (_, i) => (i * 7) % 200)
    expect(latencyOf(delays)).toEqual({ p50: 100, p99: 198, alerts: 200 })
    expect(latencyOf([])).toEqual({ p50: Number.NaN, p99: Number.NaN, alerts: 0 })
  })

  test('a bench that looks on sees what it wants, each frame once, and the page what it would see without', () => {
    const calls: unknown[] = []
    const report = (patientKey: string) => ({ patientKey }) as never
    const page = {
      name: 'page',
      wants: (key: string) => key === 'a',
      frames: (reports: readonly { patientKey: string }[]) => calls.push(['page', reports.map((it) => it.patientKey)]),
    } as unknown as FrameTap & Sink
    let seen = 0
    const tap = watching({
      seen: () => seen++,
      wants: (key) => key === 'b',
      frames: (reports) => calls.push(['bench', reports.map((it) => it.patientKey)]),
    })(page)
    expect(['a', 'b', 'c'].filter((key) => tap.wants(key, 0))).toEqual(['a', 'b'])
    tap.frames([report('a'), report('b')])
    expect(calls).toEqual([['bench', ['b']], ['page', ['a']]]) // biome-ignore format: one line
    expect(seen).toBe(3)
  })
})
