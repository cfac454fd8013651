import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { brokerTests } from '../../scripts/broker.js'
import { findChromium } from '../../scripts/browser.js'
import { orphans } from '../../scripts/build.js'
import { median } from '../../scripts/check-lengths.js'
import { leastCovered } from '../../scripts/coverage.js'
import { installIsCurrent, satisfies } from '../../scripts/setup.js'

const folder = mkdtempSync(join(tmpdir(), 'vigil-scripts-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('set-up', () => {
  test.each([
    ['20.19.0', true],
    ['20.18.3', false],
    ['18.20.8', false],
    ['22.0.0', true],
    ['24.11.1', true],
  ])('Node %s against a floor of 20.19: %s', (version, enough) => {
    expect(satisfies(version, '>=20.19')).toBe(enough)
  })

  test('an install is current when its stamp is the lock file, or when npm finished after the lock file was written', () => {
    const times = { lockTime: 1000, installTime: 500 }
    expect(installIsCurrent({ lock: 'a', stamp: 'a', ...times })).toBe(true)
    expect(installIsCurrent({ lock: 'b', stamp: 'a', ...times })).toBe(false)
    expect(installIsCurrent({ lock: 'b', stamp: 'a', lockTime: 1000, installTime: 2000 })).toBe(true)
    expect(installIsCurrent({ lock: 'a', stamp: undefined, ...times })).toBe(false)
  })

  test('without a finished install nothing is current, whatever the stamp says', () => {
    expect(installIsCurrent({ lock: 'a', stamp: 'a', lockTime: 1000, installTime: undefined })).toBe(false)
  })
})

describe('build', () => {
  test('outputs whose source is gone are orphans; those of the page and other files are not', () => {
    const outputs = [
      'dist/a.js',
      'dist/a.js.map',
      'dist/x/b.js',
      'dist/x/b.d.ts',
      'dist/dashboard/web/assets/p.js',
      'dist/.stamps.json',
    ]
    expect(orphans(outputs, ['src/a.ts'])).toEqual(['dist/x/b.js', 'dist/x/b.d.ts'])
  })
})

describe('browser', () => {
  test('CHROMIUM_PATH decides, and a path that cannot be run is no browser', () => {
    const path = join(folder, 'chromium')
    writeFileSync(path, '')
    chmodSync(path, 0o755)
    expect(findChromium({ CHROMIUM_PATH: path })).toBe(path)
    expect(findChromium({ CHROMIUM_PATH: join(folder, 'none') })).toBeUndefined()
  })
})

describe('broker', () => {
  test('what takes a broker is told from the unit tests of its folder', () => {
    const found = brokerTests()
    expect(found).toContain('tests/kafka/shared-broker.test.ts')
    expect(found).toContain('tests/kafka/kafkajs/group.test.ts')
    expect(found).not.toContain('tests/kafka/murmur2.test.ts')
  })
})

describe('figures', () => {
  test('the median of an odd, an even and an empty list', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 3, 0])
  })

  test('least covered files come first; files without lines and the total are left out', () => {
    const summary = join(folder, 'summary.json')
    const lines = (total: number, pct: number) => ({ lines: { total, pct } })
    writeFileSync(
      summary,
      JSON.stringify({ total: lines(30, 40), b: lines(10, 90), a: lines(20, 15.4), types: lines(0, 100) }),
    )
    expect(leastCovered(summary)).toEqual(['least covered, % of lines:', '   15  a', '   90  b'])
    expect(leastCovered(summary, 1)).toHaveLength(2)
    expect(leastCovered(join(folder, 'none.json'))).toEqual([])
  })
})
