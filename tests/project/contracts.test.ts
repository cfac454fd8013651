import { describe, expect, test } from 'vitest'
import { configuration } from '../../scripts/configuration.js'
import { differing, documents } from '../../scripts/contracts.js'
import { settingRows } from '../../src/config.ts'
import { ERROR_CODES } from '../../src/errors.ts'
import { openApi } from '../../src/http/openapi.ts'
import { asyncApi } from '../../src/kafka/asyncapi.ts'
import { contracts } from '../../src/vitals/contracts.ts'
import { ADULT_LIMITS } from '../../src/vitals/limits.ts'
import { CHILD_LIMITS, NEONATE_LIMITS } from '../../src/vitals/profile-limits.ts'
import { REJECTION_REASONS } from '../../src/vitals/rejection.ts'

const settings = configuration(settingRows(), ADULT_LIMITS, { ...CHILD_LIMITS, neonate: NEONATE_LIMITS })
const schemas = new Map([...contracts(), ['openapi.json', openApi()], ['asyncapi.json', asyncApi()]])
const generated = documents(schemas, ERROR_CODES, REJECTION_REASONS, settings)

describe('what is published is what the code says', () => {
  test('every file of docs/contracts, docs/errors.md and docs/configuration.md equals what `npm run contracts` writes', () => {
    expect(differing(generated)).toEqual([])
  })

  test('a changed, a missing and a left-over document are all noticed', () => {
    const changed = new Map(generated)
    changed.set('docs/contracts/reading.schema.json', '{}\n')
    changed.set('docs/contracts/invented.schema.json', '{}\n')
    changed.delete('docs/contracts/settings.schema.json')
    expect(differing(changed)).toEqual([
      'docs/contracts/reading.schema.json',
      'docs/contracts/invented.schema.json',
      'docs/contracts/settings.schema.json',
    ])
  })

  test('every contract names its draft and refuses unknown keys at its root', () => {
    for (const [name, schema] of contracts()) {
      expect(schema, name).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' })
      const { anyOf, oneOf, ...whole } = schema as { anyOf?: unknown[]; oneOf?: unknown[] }
      for (const root of anyOf ?? oneOf ?? [whole]) expect(root, name).toMatchObject({ additionalProperties: false })
    }
  })
})
