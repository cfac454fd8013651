import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { vigil } from './vigil.ts'

const EXAMPLES = 'examples/recordings'
let folder: string
let alerts: string
let bodies: AlertBody[]

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vigil-compare-'))
  alerts = path.join(folder, 'alerts.ndjson')
  expect(await vigil(['replay', EXAMPLES, '--alerts', alerts, '--json'])).toMatchObject({ code: 0 })
  bodies = (await readFile(alerts, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line)) // biome-ignore format: one line
})
afterAll(() => rm(folder, { recursive: true }))

const starts = () => bodies.filter(({ phase }) => phase === 'start')

describe('vigil compare', () => {
  it('of a model with itself: every alert is in both, at once, and they are those of a replay', async () => {
    const { code, stdout } = await vigil(['compare', 'bedside', 'bedside', EXAMPLES, '--json'])
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    const n = starts().length
    expect(result).toMatchObject({ onlyA: 0, onlyB: 0, both: n, first: { a: 0, b: 0, same: n }, differenceInterval: [0, 0] })
    expect(result.a.alarms).toEqual(result.b.alarms)
    expect(result.a.alarms.episodes).toBe(n)
  }) // biome-ignore format: the keys

  it('of a looser policy: it has what the other has, and more; the report shows which', async () => {
    const report = path.join(folder, 'compared.html')
    const { code, stdout } = await vigil(['compare', 'bedside', 'bedside,q=0.2', EXAMPLES, '--report', report])
    expect(code).toBe(0)
    expect(stdout).toMatch(/only in A 0, only in B [1-9]\d*, in both \d+/)
    const page = await readFile(report, 'utf8')
    expect(page).toContain('bedside and bedside,q=0.2 over one stream')
    expect(page.match(/class="case"/g)!.length).toBeGreaterThan(5)
    expect(page).not.toMatch(/<script|https?:/)
  })

  it('knows what really happened where it lies beside the recording', async () => {
    const ward = path.join(folder, 'ward.ndjson')
    const episodes = path.join(folder, 'episodes.yaml')
    await writeFile(episodes, 'episodes: [{ bed: 1, kind: desaturation, at: 900, seconds: 300, size: 15 }]\n')
    const simulated = await vigil(['simulate', '--beds', '1', '--hours', '0.5', '--episodes', episodes, '--out', ward])
    expect(simulated).toMatchObject({ code: 0 })
    const { stdout } = await vigil(['compare', 'bedside', 'bedside,q=0.001', ward, '--json'])
    const { a, b } = JSON.parse(stdout)
    for (const { lead } of [a, b]) expect(lead.desaturation.episodes).toBe(1)
  })

  it.each([
    ['bedside,q=2', 'usage', 2],
    ['nobody', 'model-not-found', 1],
    ['nowhere.yaml', 'config-invalid', 1],
  ])('%s is refused: %s', async (contender, error, code) => {
    const found = await vigil(['compare', 'bedside', contender, EXAMPLES])
    expect(found.code).toBe(code)
    expect(found.stderr).toContain(`vigil: ${error}`)
  })
})

describe('vigil explain', () => {
  it('recomputes a stored alert, shows each step, and says so where it was changed', async () => {
    const { alertId } = starts().find(({ code }) => code === 'unexpected')!
    const same = await vigil(['explain', alertId.slice(0, 12), EXAMPLES, '--alerts', alerts])
    expect(same.code).toBe(0)
    for (const step of ['model', 'journal', 'frame', 'forecast', 'residual', 'whitening', 'tail', 'policy'])
      expect(same.stdout).toContain(`same     ${step}\n`)
    expect(same.stdout).toMatch(/all \d+ messages are the same, byte for byte\n$/)
    const changed = path.join(folder, 'changed.ndjson')
    const lines = bodies.map((body) => JSON.stringify(body.alertId === alertId ? { ...body, label: 'All is well' } : body))
    await writeFile(changed, `${lines.join('\n')}\n`)
    const other = await vigil(['explain', alertId, EXAMPLES, '--alerts', changed, '--json'])
    expect(other.code).toBe(1)
    expect(other.stderr).toContain('vigil: alert-differs: ')
    expect(JSON.parse(other.stdout)).toMatchObject({ equal: false, differsAt: 'words' })
  }) // biome-ignore format: one change

  it.each([
    ['0'.repeat(32), 'data-missing', 1],
    ['not-an-id', 'usage', 2],
  ])('%s is refused: %s', async (id, error, code) => {
    const found = await vigil(['explain', id, EXAMPLES, '--alerts', alerts])
    expect(found.code).toBe(code)
    expect(found.stderr).toContain(`vigil: ${error}`)
  })
})
