import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SHIPPED_MODELS } from '../../src/app.ts'
import { otherVersion } from '../../src/bench/other-version.ts'
import { challenge, promote } from '../../src/inference/registry/promotion.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { vigil } from './vigil.ts'

test('a challenger of the registry runs beside the champion in a replay: it is counted, and no alert differs by a byte', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-replay-shadow-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await otherVersion(SHIPPED_MODELS, 'bedside', dir, { version: '2.0.0', hidden: 16, layers: 1, seed: 2 })
  await promote(dir, 'bedside', bedside.version)
  const replayed = async (name: string, env: Readonly<Record<string, string>> = {}) => {
    const alerts = join(dir, name)
    const args = ['replay', 'examples/recordings/bidmc_05_Numerics.csv', '--alerts', alerts, '--json']
    const { stdout } = await vigil(args, { VIGIL_MODELS_DIR: dir, ...env })
    return { summary: JSON.parse(stdout), alerts: await readFile(alerts, 'utf8') }
  }
  const alone = await replayed('alone.ndjson')
  await challenge(dir, 'bedside', '2.0.0')
  const beside = await replayed('beside.ndjson')
  expect(alone.summary.shadows).toBeUndefined()
  expect(beside.alerts).toBe(alone.alerts)
  expect(beside.summary.shadows).toMatchObject([
    { model: 'bedside@2.0.0', frames: beside.summary.frames, brokenForecasts: 0 },
  ])
  const { agreement } = beside.summary.shadows[0]
  expect(Object.values<number>(agreement).reduce((sum, count) => sum + count, 0)).toBe(beside.summary.frames)
  const without = await replayed('without.ndjson', { VIGIL_MODELS_SHADOW: 'false' })
  expect(without.summary.shadows).toBeUndefined()
})
