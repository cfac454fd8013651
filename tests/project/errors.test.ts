import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/errors.ts'
import { REJECTION_REASONS } from '../../src/vitals/rejection.ts'

/** the codes of a section's table, in order, with their meanings */
function tableUnder(heading: string): [code: string, meaning: string][] {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code!, meaning!])
}

test('docs/errors.md lists every error code with its meaning, and no other', () => {
  expect(tableUnder('Errors')).toEqual(Object.entries(ERROR_CODES))
})

test('docs/errors.md lists every rejection reason with its meaning, and no other', () => {
  expect(tableUnder('Rejections')).toEqual(Object.entries(REJECTION_REASONS))
})
