import { expect, test } from 'vitest'
import { vigil } from '../integration/vigil.ts'

test('bench swap: a version takes over and gives back, and no tick is missing', async () => {
  const small = ['--patients', '20', '--seconds', '1', '--hidden', '8', '--layers', '1']
  const { code, stdout } = await vigil(['bench', 'swap', ...small])
  expect(code).toBe(0)
  const found = JSON.parse(stdout)
  expect(Object.keys(found)).toEqual(
    expect.arrayContaining(['model', 'features', 'lateness', 'cpuPercent', 'provider']),
  )
  expect(found).toMatchObject({ patients: 20, seconds: 1, hidden: 8, layers: 1, ticksMissing: 0, ticksTwice: 0 })
}, 300_000)
