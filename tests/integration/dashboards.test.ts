import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const CHECK = resolve('.cache', 'grafana', 'schema-v0.0.22')
const DASHBOARDS = 'deploy/grafana/dashboards'
const wanted = Boolean(process.env['CI']) || existsSync(CHECK)
if (!wanted) process.stdout.write("skipped: Grafana's schema is built with Go only in CI\n")

/** What Grafana's own schema, read strictly in Go, says of a dashboard. */
async function said(path: string): Promise<string> {
  const { stdout } = await run(CHECK, [path]).catch((failed: { stdout: string }) => failed)
  return stdout.trim().slice(path.length + 2)
}

describe.runIf(wanted)("the dashboards, held against Grafana's schema", () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigil-dashboards-'))
    if (!existsSync(CHECK)) await run('go', ['build', '-o', CHECK, '.'], { cwd: 'tests/fixtures/grafana-schema' })
  }, 600_000)
  afterAll(() => rm(folder, { recursive: true }))

  test.each(readdirSync(DASHBOARDS))('%s: every field is known, of its type and within its bounds', async (name) => {
    expect(await said(join(DASHBOARDS, name))).toBe('fits')
  })

  interface Board {
    titel?: string
    panels: { title: unknown; targets: { exprr?: string }[]; options: Record<string, unknown> }[]
  }
  test.each<[string, (board: Board) => void, string]>([
    ['a field that there is not', (it) => Object.assign(it, { titel: 'x' }), "unexpected field 'titel'"],
    ['one of a query', (it) => Object.assign(it.panels[1]!.targets[0]!, { exprr: 'x' }), "unexpected field 'exprr'"],
    ['one of a panel', (it) => Object.assign(it.panels[1]!.options, { legendd: 1 }), "unexpected field 'legendd'"],
    ['another type', (it) => Object.assign(it.panels[1]!, { title: 7 }), 'panels[1].title'],
  ])('%s would be found', async (what, change, why) => {
    const board = JSON.parse(readFileSync(join(DASHBOARDS, 'kafka.json'), 'utf8')) as Board
    change(board)
    const path = join(folder, `${what.replaceAll(' ', '-')}.json`)
    await writeFile(path, JSON.stringify(board))
    expect(await said(path)).toContain(why)
  })
})
