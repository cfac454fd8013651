import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadSettings, settingRows } from '../src/config.ts'
import { VigilError } from '../src/errors.ts'
import { ADULT_LIMITS } from '../src/vitals/limits.ts'
import { Settings } from '../src/vitals/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'vigil-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function yaml(text: string): string {
  const file = join(folder, `${files++}.yaml`)
  writeFileSync(file, text)
  return file
}

/** The error of settings that must be refused. */
function refused(text: string | undefined, env: Record<string, string> = {}): VigilError {
  try {
    loadSettings(text === undefined ? undefined : yaml(text), env)
  } catch (error) {
    expect(error).toBeInstanceOf(VigilError)
    expect(error).toMatchObject({ code: 'config-invalid' })
    return error as VigilError
  }
  throw new Error('the settings were taken')
}

describe('where settings come from', () => {
  test('with nothing said, everything has its default', () => {
    expect(loadSettings(undefined, {})).toEqual(Settings.parse({}))
    for (const text of ['', '# nothing\n', 'http:\n  # port: 1\n', '{}']) {
      expect(loadSettings(yaml(text), {})).toEqual(Settings.parse({}))
    }
  })

  test('YAML and JSON say the same', () => {
    const settings = loadSettings(yaml('http: { port: 9000 }\nmodels:\n  serve: [bedside@1.0.0]\n'), {})
    expect(settings.http).toMatchObject({ host: '127.0.0.1', port: 9000 })
    expect(loadSettings(yaml('{"http": {"port": 9000}, "models": {"serve": ["bedside@1.0.0"]}}'), {})).toEqual(settings)
  })

  test('the environment goes over the file, key by key', () => {
    const file = yaml('http: { host: "::1", port: 9000 }\n')
    expect(loadSettings(file, { VIGIL_HTTP_PORT: '0' }).http).toMatchObject({ host: '::1', port: 0 })
  })

  test('every setting has a variable, named after its path', () => {
    const names = settingRows().map(({ variable }) => variable)
    expect(names).toContain('VIGIL_INFERENCE_MAX_BATCH')
    expect(new Set(names).size).toBe(names.length)
    for (const { path, variable, fallback } of settingRows()) {
      if (fallback === undefined) continue
      const text = typeof fallback === 'string' ? fallback : JSON.stringify(fallback)
      expect(loadSettings(undefined, { [variable]: text }), path.join('.')).toEqual(Settings.parse({}))
    }
  })

  test('text of a variable stays text, a list may be written in three ways, a table is YAML', () => {
    expect(loadSettings(undefined, { VIGIL_LIMITS_VERSION: '2' }).limits.version).toBe('2')
    expect(loadSettings(undefined, { VIGIL_MODELS_DIR: '1: 2' }).models.dir).toBe('1: 2')
    for (const text of ['["a", "b@1.0.0"]', '[a, b@1.0.0]', 'a, b@1.0.0']) {
      expect(loadSettings(undefined, { VIGIL_MODELS_SERVE: text }).models.serve).toEqual(['a', 'b@1.0.0'])
    }
    expect(loadSettings(undefined, { VIGIL_LIMITS_ADULT: '{spo2: {low: 85}}' }).limits.adult['spo2']?.low).toBe(85)
  })

  test('where downloads are kept is no setting, and does not end a command', () => {
    expect(loadSettings(undefined, { VIGIL_CACHE: '/cache' })).toEqual(loadSettings(undefined, {}))
  })

  test('what Kubernetes tells of services called vigil and vigil-http is no setting', () => {
    const env = {
      VIGIL_PORT: 'tcp://10.0.0.1:8080',
      VIGIL_SERVICE_HOST: '10.0.0.1',
      VIGIL_SERVICE_PORT_HTTP: '8080',
      VIGIL_PORT_8080_TCP_ADDR: '10.0.0.1',
      VIGIL_HTTP_PORT: 'tcp://10.0.0.2:8080',
      VIGIL_HTTP_SERVICE_PORT: '8080',
    }
    expect(loadSettings(undefined, env)).toEqual(Settings.parse({}))
  })
})

describe('settings that are refused', () => {
  test('unknown keys and wrong types are all named at once, with path, rule and value', () => {
    const { message } = refused('http:\n  prot: 1\ninference:\n  threads: many\nward: {}\n')
    expect(message).toContain('unknown setting "http.prot"')
    expect(message).toContain('unknown setting "ward"')
    expect(message).toMatch(/inference\.threads: .*number.*"many"/)
  })

  test.each([
    ['port', 'http: { port: 70000 }', 'http.port'],
    ['empty list', 'models: { serve: [] }', 'models.serve'],
    ['provider', 'inference: { providers: [cpu, gpu] }', 'inference.providers.1'],
    ['number of workers', 'inference: { workers: 0 }', 'inference.workers'],
    ['not a section', 'http: 8080', 'http'],
    ['infinite', 'alerts: { clearSeconds: .inf }', 'alerts.clearSeconds'],
    ['low above high', 'limits: { adult: { hr: { low: 200 } } }', 'limits.adult.hr'],
    ['field of a limit', 'limits: { adult: { hr: { lo: 40 } } }', 'limits.adult.hr.lo'],
  ])('%s', (_, text, path) => {
    expect(refused(text).message).toContain(path)
  })

  test.each([
    ['a list', '- http\n'],
    ['text', 'http\n'],
    ['no YAML', 'http: {port: 1\n'],
    ['a key twice', 'log: {}\nlog: {}\n'],
  ])('a file that is %s', (_, text) => {
    const error = refused(text)
    expect(error.place).toMatch(/\.yaml$/)
    expect(error.message).not.toContain('\n')
  })

  test('a file that is not there is named', () => {
    expect(() => loadSettings(join(folder, 'none.yaml'), {})).toThrow(/cannot be read: ENOENT/)
  })

  test('an unknown variable, and one of the wrong type, are named, also where there is a file', () => {
    expect(refused(undefined, { VIGIL_HTTP_PROT: '1' }).message).toContain('VIGIL_HTTP_PROT')
    expect(refused('log: {}', { VIGIL_HTTP_PORT: 'x' }).place).toBe('VIGIL_HTTP_PORT')
    expect(refused(undefined, { VIGIL_HTTP_PORT: '' }).place).toBe('VIGIL_HTTP_PORT')
    expect(refused(undefined, { VIGIL_INFERENCE_THREADS: '[1' }).place).toBe('VIGIL_INFERENCE_THREADS')
  })

  test('a variable does not hide that its section is wrong in the file', () => {
    expect(refused('http: 8080', { VIGIL_HTTP_PORT: '1' }).message).toContain('http')
  })
})

describe("a site's own limits", () => {
  const adult = (text: string) => loadSettings(yaml(`limits: { adult: ${text} }`), {}).limits.adult

  test('change what they name and nothing else: no other channel falls silent, no priority falls', () => {
    expect(adult('{ spo2: { low: 85 } }')).toEqual({ ...ADULT_LIMITS, spo2: { ...ADULT_LIMITS['spo2'], low: 85 } })
    expect(adult('{ hr: {} }')).toEqual(ADULT_LIMITS)
  })

  test('null takes away a side, or the limit', () => {
    const { hr, icp, ...others } = adult('{ hr: { high: null }, icp: null }')
    expect(hr).toEqual({ low: 50, holdSeconds: 5, priority: 'high' })
    expect(icp).toBeUndefined()
    expect(Object.keys(others)).toHaveLength(Object.keys(ADULT_LIMITS).length - 2)
  })

  test('a channel without a built-in limit gets one', () => {
    expect(adult('{ glucose: { low: 3 } }')['glucose']).toEqual({ low: 3, holdSeconds: 5, priority: 'medium' })
  })
})
