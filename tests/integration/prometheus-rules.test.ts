import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ensurePrometheus } from '../../scripts/prometheus.js'

const run = promisify(execFile)
const RULES = resolve('deploy/prometheus/vigil.rules.yml')
const binaries = ensurePrometheus()
const wanted = binaries !== undefined || process.env['CI'] === 'true'
if (!wanted) process.stdout.write("skipped: promtool is not here (Debian's package prometheus)\n")

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly annotations?: { readonly runbook_url?: string }
}
const rules: Rule[] = parse(readFileSync(RULES, 'utf8')).groups.flatMap((it: { rules: Rule[] }) => it.rules)
const alarms = rules.flatMap(({ alert }) => alert ?? [])

describe.runIf(wanted)('promtool', () => {
  test('finds no fault in the rules', async () => {
    const { stdout } = await run(binaries!.promtool, ['check', 'rules', RULES])
    expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`)
  })

  test("makes every alarm fire, and none but the dead man's switch where all is well", async () => {
    const cases = readFileSync('tests/fixtures/prometheus/rules.test.yml', 'utf8')
    const file = join(mkdtempSync(join(tmpdir(), 'vigil-rules-')), 'rules.test.yml')
    writeFileSync(file, cases.replaceAll('RULES', RULES))
    const { stdout } = await run(binaries!.promtool, ['test', 'rules', file])
    expect(stdout).toContain('SUCCESS')
    const fired = parse(cases.replaceAll('RULES', RULES)).tests.map((it: { name: string }) => it.name)
    expect(fired.toSorted()).toEqual([...alarms, 'all is well'].toSorted())
  })
})

test('every alarm links a page that says what it means and what to do, and no page is of nothing', () => {
  for (const { alert, annotations } of rules.filter((it) => it.alert)) {
    expect(annotations?.runbook_url).toBe(`docs/runbooks/${alert}.md`)
    const page = readFileSync(`docs/runbooks/${alert}.md`, 'utf8')
    expect(page).toContain('**What it means.**')
    expect(page).toContain('## What to do')
  }
  const index = readFileSync('docs/runbooks/README.md', 'utf8')
  const linked = [...index.matchAll(/\]\((\w+)\.md\)/g)].map(([, name]) => name!)
  expect(linked.toSorted()).toEqual(alarms.toSorted())
  for (const name of linked) expect(existsSync(`docs/runbooks/${name}.md`)).toBe(true)
})
