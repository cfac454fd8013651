import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { type Ran, ROOT, start, vigil } from './vigil.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

const SHAPE = ['features', 'hidden', 'layers', 'model']
const WARD = [...SHAPE, 'batch', 'threads', 'provider']

/** Every command, what shortens its example, and the keys it promises under `--json`. */
const COMMANDS: readonly { name: string; shorter: readonly string[]; keys?: readonly string[] }[] = [
  { name: 'demo', shorter: ['--for', '1', '--port', '0'] },
  { name: 'replay', shorter: ['--alerts', '/dev/null'], keys: ['recordings', 'inputs', 'frames', 'alertEvents', 'rejections', 'seconds'] },
  { name: 'compare', shorter: [], keys: ['patients', 'patientDays', 'a', 'b', 'onlyA', 'onlyB', 'both', 'byCode', 'first'] },
  { name: 'models list', shorter: [], keys: ['models'] },
  { name: 'models show', shorter: [], keys: ['name', 'version', 'graph', 'channels'] },
  { name: 'models verify', shorter: [], keys: ['model', 'goldenSteps', 'provider'] },
  { name: 'models promote', shorter: [], keys: ['model', 'champion'] },
  { name: 'bench step', shorter: ['--batch', '64'], keys: [...WARD, 'patients', 'stepsPerSecond', 'bareStepsPerSecond', 'ratio'] },
  { name: 'bench pipeline', shorter: ['--patients', '100', '--seconds', '3'], keys: [...WARD, 'readings', 'patients', 'readingsPerSecond', 'p50Ms', 'p99Ms'] },
  { name: 'bench replay', shorter: ['--beds', '2', '--hours', '0.02'], keys: [...WARD, 'beds', 'hours', 'cadenceSeconds', 'seconds', 'speedup'] },
  { name: 'bench memory', shorter: ['--patients', '50'], keys: [...WARD, 'patients', 'framesPerPatient', 'rssBytes', 'bytesPerPatient'] },
  { name: 'bench train', shorter: ['--engine', 'cpu', '--batch', '4', '--chunk', '4', '--seconds', '0.1'], keys: [...SHAPE, 'engine', 'batch', 'chunk', 'stepsPerSecond'] },
  { name: 'bench hl7', shorter: ['--patients', '20', '--seconds', '0.2'], keys: [...SHAPE, 'observations', 'patients', 'seconds', 'messagesPerSecond', 'bareSplitPerSecond', 'ratio'] },
  { name: 'bench scale', shorter: [], keys: ['costs', 'plan', 'sizes'] },
  { name: 'gradients', shorter: ['--cells', 'tanh', '--gaps', '1,5', '--seeds', '1', '--out', '/dev/null'], keys: ['cells'] },
  { name: 'doctor', shorter: [], keys: ['findings'] },
] // biome-ignore format: a table

/** What needs data, a broker or minutes has tests of its own: evaluate, cli-simulate, kafka/. */
const ELSEWHERE = [
  'models shadow', 'bench swap', 'models release', 'serve', 'simulate', 'train', 'retrain', 'record', 'models rollback', 'calibrate', 'chaos', 'explain', 'bench kafka', 'bench restore', 'bench idle', 'bench latency', 'bench catchup', 'hl7', 'deliver', 'token', 'bench fanout', 'bench all',
  ...['sepsis2019', 'mortality2012', 'nab', 'ecg', 'faults', 'budget', 'ward', 'cells'].map((name) => `evaluate ${name}`),
] // biome-ignore format: a list

const docs = await readFile(join(ROOT, 'docs', 'commands.md'), 'utf8')
const words = (line: string) => line.trim().split(/\s+/)
const exampleOf = (help: Ran) => words(/^Examples?[^\n]*:\n {2}vigil (.+)$/m.exec(help.stdout)![1]!)

describe('every command', () => {
  it('is listed here, so that what is promised below is promised of all', async () => {
    const listed = async (args: string[]) => {
      const section = /^Commands:\n((?: .*\n)+)/m.exec((await vigil([...args, '--help'])).stdout)?.[1] ?? ''
      return [...section.matchAll(/^ {2}([a-z0-9]+) /gm)].map(([, name]) => name!)
    }
    const names = new Set([...COMMANDS.map(({ name }) => name), ...ELSEWHERE])
    for (const name of await listed([])) {
      if (name === 'help') continue
      const inner = (await listed([name])).filter((it) => it !== 'help')
      const full = inner.length === 0 ? [name] : inner.map((it) => `${name} ${it}`)
      for (const it of full) expect(names.delete(it), it).toBe(true)
    }
    expect([...names]).toEqual([])
  })

  it.each(COMMANDS)(
    '$name: documented; its help shows an example, which runs; --json prints one object',
    async (command) => {
      const { name, shorter, keys } = command
      const help = await vigil([...words(name), '--help'])
      expect(help).toMatchObject({ code: 0, stderr: '' })
      const example = exampleOf(help)
      expect(example.join(' ').startsWith(name)).toBe(true)
      const section = docs.split(/^## vigil /m).find((it) => it.startsWith(words(name)[0]!))!
      const flags = [...help.stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag!)
      expect(flags.filter((flag) => !section.includes(`\`${flag}`))).toEqual([])
      const { code, stdout, stderr } = await vigil([...example, ...shorter, ...(keys ? ['--json'] : [])])
      expect(stderr).not.toContain('vigil:')
      expect(code).toBe(0)
      if (keys) expect(Object.keys(JSON.parse(stdout))).toEqual(expect.arrayContaining([...keys]))
    },
  )

  it('a number that a bench prints and takes is the number it was given', async () => {
    const args = [
      'replay',
      '--beds',
      '3',
      '--hours',
      '0.05',
      '--cadence-seconds',
      '2',
      '--batch',
      '32',
      '--threads',
      '2',
    ]
    const { stdout } = await vigil(['bench', ...args])
    expect(JSON.parse(stdout)).toMatchObject({
      beds: 3,
      hours: 0.05,
      cadenceSeconds: 2,
      batch: 32,
      threads: 2,
      readings: 270,
    })
    const step = await vigil([
      'bench',
      'step',
      '--features',
      '16',
      '--hidden',
      '8',
      '--layers',
      '1',
      '--batch',
      '4,2',
      '--patients',
      '8',
    ])
    const shape = { features: 16, hidden: 8, layers: 1, patients: 8 }
    expect(JSON.parse(step.stdout)).toMatchObject({
      ...shape,
      batch: 4,
      batches: [
        { ...shape, batch: 4 },
        { ...shape, batch: 2 },
      ],
    })
  })

  it('a bench that is stopped half-way prints what it was asked, marked as partial, and ends with 1', async () => {
    const running = start(['bench', 'pipeline', '--patients', '500', '--seconds', '900'])
    await running.told(/measuring/)
    running.signal('SIGTERM')
    const { code, stdout, stderr } = await running.ended
    expect(stderr).toContain('bench-partial')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ bench: 'pipeline', patients: 500, seconds: 900, partial: true })
  })

  it('train says which file of the data it lacks', async () => {
    await mkdir(join(folder, 'nodata'))
    const out = join(folder, 'registry')
    const ran = await vigil([
      'train',
      'bedside',
      '--data',
      join(folder, 'nodata'),
      '--out',
      out,
      '--engine',
      'cpu',
      '--json',
    ])
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toMatch(/data-missing: .*_Numerics\.csv/)
  })
})

describe('bad usage ends with 2, on standard error', () => {
  it.each(
    [
      [],
      ['nosuch'],
      ['models'],
      ['demo', '--port', '65536'],
      ['demo', '--port', ''],
      ['demo', '--beds', '0'],
      ['demo', '--for', '-1'],
      ['demo', 'extra'],
      ['replay'],
      ['replay', 'x', '--from', '2026-13-45'],
      ['replay', 'x', '--speed', '0'],
      ['replay', 'x', '--zeros', 'perhaps'],
      ['replay', 'x', '--model', ''],
      ['train'],
      ['train', 'nosuch', '--data', '.'],
      ['train', '--data', 'x', 'bedside'],
      ['train', 'toString', '--data', 'x'],
      ['bench', 'step', '--provider', 'nosuch'],
      ['bench', 'step', '--batch', '8', '--patients', '4'],
      ['bench', 'train', '--engine', 'nosuch'],
    ].map((args) => [args.join(' '), args] as const),
  )('vigil %s', async (_, args) => {
    const ran = await vigil(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).not.toMatch(/^ {4}at /m)
  })
})

describe('the registry', () => {
  it('a folder without models is an empty list, one that is not there an error', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'))
    const listed = await vigil(['models', 'list', '--dir', empty, '--json'])
    expect(listed.code).toBe(0)
    expect(JSON.parse(listed.stdout)).toEqual({ models: [] })
    const missing = await vigil(['models', 'list', '--dir', join(folder, 'none')])
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(missing.stderr).toContain('model-not-found')
  })

  it('a version that is not there is named beside those that are', async () => {
    const { code, stderr } = await vigil(['models', 'show', 'bedside@9.9.9'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/model-not-found: .*bedside@9\.9\.9, only 1\.0\.0/)
  })

  it('aliases that are no JSON are an error of that file, and the doctor says so', async () => {
    const dir = join(folder, 'broken')
    await cp(join(ROOT, 'models'), dir, { recursive: true })
    await writeFile(join(dir, 'aliases.json'), '{broken')
    for (const args of [['list'], ['show', 'bedside'], ['verify', 'bedside']]) {
      const ran = await vigil(['models', ...args, '--dir', dir])
      expect(ran.code).toBe(1)
      expect(ran.stderr).toMatch(/manifest-invalid: .*aliases\.json/)
    }
    const { code, stdout } = await vigil(['doctor', '--json'], { VIGIL_MODELS_DIR: dir })
    expect(code).toBe(0)
    const findings: { check: string; ok: boolean; detail: string }[] = JSON.parse(stdout).findings
    expect(findings.find(({ check }) => check === 'models')).toMatchObject({ ok: false })
    expect(findings.find(({ check }) => check === 'provider cpu')).toMatchObject({ ok: true })
  })

  it('one model twice is refused before it alerts twice', async () => {
    const { code, stderr } = await vigil([
      'replay',
      'examples/recordings',
      '--model',
      `bedside,bedside@${bedside.version}`,
    ])
    expect(code).toBe(1)
    expect(stderr).toContain('served twice')
  })
})
