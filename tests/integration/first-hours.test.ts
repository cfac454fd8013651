import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { freePorts } from '../../src/broker/free-ports.ts'
import { ROOT } from './vigil.ts'
import { walk } from './walk.ts'

/** A folder that has of a checkout what the pages name, and takes what their commands write. */
const desk = mkdtempSync(join(tmpdir(), 'vigil-first-hour-'))
symlinkSync(join(ROOT, 'examples'), join(desk, 'examples'))
afterAll(() => rmSync(desk, { recursive: true }))

test('docs/integrate.md works as it is written', async () => {
  const [port] = await freePorts(1)
  expect(await walk('docs/integrate.md', { cwd: desk, other: { '8080': `${port}` } })).toBeGreaterThan(8)
}, 240_000)

test('docs/replay.md works as it is written', async () => {
  // the page tells of the alert that the shipped model of its day raised first
  const learned = (command: string, said: string) =>
    command.startsWith('grep') ? { '2b2c': /"alertId":"([0-9a-f]{4})/.exec(said)![1]! } : {}
  expect(await walk('docs/replay.md', { cwd: desk, learned })).toBeGreaterThan(5)
}, 240_000)
