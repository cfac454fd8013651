import { expect, test } from 'vitest'
import { openModel } from '../../src/inference/model-store.ts'
import { warmUpSeconds } from '../../src/kafka/warm-up.ts'

test('a warm-up is thrice the memory, five minutes where nobody says, never less than the burn-in, and whole seconds', async () => {
  const { manifest } = await openModel('models', 'bedside')
  const of = (halfLifeSeconds: number | undefined, warmupSteps = 60) => {
    const { memory: _, ...rest } = { ...manifest, warmupSteps }
    return warmUpSeconds(halfLifeSeconds === undefined ? rest : { ...rest, memory: { halfLifeSeconds } })
  }
  expect(warmUpSeconds(manifest)).toBe(200) // 66.47 s
  expect([of(undefined), of(40.01), of(3), of(3, 90)]).toEqual([300, 121, 60, 90])
})
