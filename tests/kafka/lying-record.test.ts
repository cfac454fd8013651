import { assert, constantFrom, nat, option, property, string } from 'fast-check'
import { expect, it } from 'vitest'
import { LyingRecord, lying } from '../../src/kafka/lying-record.ts'
import { recordDecoder } from '../../src/kafka/record-decoder.ts'
import { channelTable } from '../../src/vitals/channels.ts'

const reading = (patient: string) =>
  JSON.stringify({ patient, time: Date.UTC(2026, 0, 1), complete: true, values: { hr: 70 } })
const bytesOf = (text: string | null) => (text === null ? null : Buffer.from(text))
const keys = option(constantFrom('p-1', 'p-2', '', 'größer'))
const values = option(constantFrom(reading('p-1'), reading('p-2'), reading('größer'), '{"patient":"p-1"', '', 'p-1'))

it('is the record that it would be with buffers of its own, wherever it lies', () => {
  const decode = recordDecoder({ table: channelTable(), topic: 'readings' })
  assert(
    property(keys, values, string(), string(), nat(1000), (keyText, valueText, before, behind, offset) => {
      const [key, value, head, tail] = [keyText, valueText, before, behind].map(bytesOf)
      const own = { offset, timestamp: 5, key: key!, value: value!, headers: {} }
      const bytes = Buffer.concat([head!, key ?? Buffer.alloc(0), value ?? Buffer.alloc(0), tail!])
      const from = head!.length
      const middle = from + (key?.length ?? 0)
      const end = middle + (value?.length ?? 0)
      const there = new LyingRecord(bytes, offset, 5, from, key === null ? -1 : middle, middle, value === null ? -1 : end, {}) // biome-ignore format: places in their order
      expect([there.key, there.value]).toEqual([key, value])
      expect(lying(there)).toBe(there)
      expect(decode(there)).toEqual(decode(own))
    }),
  )
})
