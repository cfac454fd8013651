import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LONGEST, sourceLengths } from '../../scripts/check-lengths.js'
import { projectFiles } from '../../scripts/files.js'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const files = projectFiles()
const text = files.filter((file) =>
  /(\.(ts|tsx|js|json|md|html|css|ya?ml|sh)|\/run|LICENSE|NOTICE|\.npmrc)$/.test(file),
)
const code = text.filter(
  (file) => /^(src|scripts|bin|tests|k8s|examples)\//.test(file) && !file.startsWith('tests/fixtures/'),
)

/** `file:line` of every line that matches */
function lines(of: readonly string[], pattern: RegExp): string[] {
  return of.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}`] : [])),
  )
}

describe('the habits of the house', () => {
  test('nothing is left for later', () => {
    expect(code.length).toBeGreaterThan(50)
    expect(
      lines(code, new RegExp(`\\b(${['TO', 'FIX'].map((head, i) => head + ['DO', 'ME'][i]).join('|')})\\b`)),
    ).toEqual([])
  })

  test(`no file is longer than ${LONGEST} lines`, () => {
    expect(sourceLengths().filter(({ lines }) => lines > LONGEST)).toEqual([])
  })

  test('no file names a folder of the machine it was written on', () => {
    const home = /(?:^|[\s"'`(=:])(?:\/(?:home|Users|root|work|mnt)\/(?!node\b)[a-z0-9._-]+|[A-Z]:\\+Users\\)/i
    expect('see /home/' + 'someone/vigil').toMatch(home)
    expect(lines(text, home)).toEqual([])
  })

  test('the lock file names packages and hashes, never the registry they came from', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string }>
    }
    const installed = Object.entries(packages).filter(([path]) => path !== '')
    expect(installed.length).toBeGreaterThan(100)
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
    expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([])
  })

  test.each(['laws', 'integration', 'kafka', 'browser'])('the project %s has tests', (project) => {
    expect(files.filter((file) => file.startsWith(`tests/${project}/`) && file.endsWith('.test.ts'))).not.toEqual([])
  })

  test('source files have no names that say nothing', () => {
    const empty = /\b(utils?|helpers?|managers?|services?|processors?|common|misc|index)\b[^/]*\.tsx?$/
    expect(files.filter((file) => file.startsWith('src/') && empty.test(file))).toEqual([])
  })

  test('docs/dependencies.md says why for every package of package.json, and for no other', () => {
    const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
    const declared = ['dependencies', 'optionalDependencies', 'devDependencies', 'overrides'].flatMap((field) =>
      Object.keys(manifest[field] ?? {}),
    )
    const explained = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
    expect(explained.toSorted()).toEqual(declared.toSorted())
  })
})
