import { expect, test } from 'vitest'
import { probeEngines } from '../../src/inference/doctor.ts'

test('every provider is tried; what does not run says why', async () => {
  const { providers, cpu } = await probeEngines()
  expect(providers.map(({ provider }) => provider)).toEqual(['cpu', 'webgpu', 'cuda'])
  expect(providers[0]).toEqual({ provider: 'cpu', runs: true })
  for (const { provider, runs, reason } of providers) {
    if (!runs) expect(reason).toMatch(new RegExp(`^(${provider}: .{5}|died of|gave no answer)`))
  }
  expect(cpu.count).toBeGreaterThan(0)
}, 30_000)
