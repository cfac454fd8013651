import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { example } from '../../scripts/example.js'
import { loadSettings, settingRows } from '../../src/config.ts'

const text = readFileSync('vigil.example.yaml', 'utf8')
const defaults = loadSettings(undefined, {})

function loaded(content: string) {
  const file = join(mkdtempSync(join(tmpdir(), 'vigil-example-')), 'vigil.yaml')
  writeFileSync(file, content)
  return loadSettings(file, {})
}

describe('vigil.example.yaml', () => {
  test('is what the settings say', () => {
    expect(text).toBe(example(settingRows()))
  })

  test('changes nothing as it stands', () => {
    expect(loaded(text)).toEqual(defaults)
  })

  test('says the defaults: with every default taken out of its comment nothing changes either', () => {
    const uncommented = text.replaceAll(/^ {2}#(\w+: .*)$/gm, '  $1')
    expect(uncommented).not.toBe(text)
    expect(loaded(uncommented)).toEqual(defaults)
  })

  test('has every setting once', () => {
    for (const { path } of settingRows())
      expect(text.match(new RegExp(`^ {2}#${path[1]}:`, 'gm'))?.length).toBeGreaterThan(0)
    expect(text.match(/^ {2}#\w+:/gm)).toHaveLength(settingRows().length)
  })
})
