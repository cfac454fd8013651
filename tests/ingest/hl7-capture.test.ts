import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Captured, CaptureSplitter } from '../../src/hl7/capture.ts'
import { framed } from '../../src/hl7/mllp.ts'
import { adt, MARKS, options, oru } from '../hl7/messages.ts'
import { everything, folder } from './collect.ts'

const { write } = folder()
const hl7 = () => options

/** A capture taken in pieces of these lengths. */
function split(bytes: Buffer, pieces: readonly number[] = []): Captured[] {
  const splitter = new CaptureSplitter(5000)
  const found: Captured[] = []
  let at = 0
  for (const length of pieces) {
    found.push(...splitter.take(bytes.subarray(at, at + length)))
    at += length
  }
  return [...found, ...splitter.take(bytes.subarray(at)), ...splitter.end()]
}

const report = (minute: number, control: string) =>
  oru({
    control,
    obr: `OBR|1|||182777000^monitoring of patient^SCT|||2026010112${String(minute).padStart(2, '0')}00+0100`,
  })
const MESSAGES = [adt('A01'), report(1, 'C1'), report(2, 'C2'), adt('A03')]

describe('a capture of HL7 v2', () => {
  test('gives the same messages framed and one after the other, whatever ends a line and wherever chunks end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...MESSAGES), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('\r', '\n', '\r\n'),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 30 }),
        (messages, ending, inFrames, pieces) => {
          const bytes = inFrames
            ? Buffer.concat(messages.map(framed))
            : Buffer.from(messages.map((it) => it.replaceAll('\r', ending)).join(ending))
          expect(split(bytes, pieces)).toEqual(messages.map((it) => ({ kind: 'message', bytes: Buffer.from(it) })))
        },
      ),
    )
  })

  test('of any bytes gives something, the same for any chunks, and never throws', () => {
    const piece = fc.constantFrom('MSH|^~\\&|', '\r', '\n', '\v', '\x1c', 'OBX|', 'x', 'FHS|', 'é')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.integer({ min: 1, max: 9 })), (parts, pieces) => {
        const bytes = Buffer.from(parts.join(''))
        expect(split(bytes, pieces)).toEqual(split(bytes))
      }),
    )
  })

  test('is readings and movements under pseudonyms, packed or not, by its name or by its first bytes', async () => {
    const text = MESSAGES.join('')
    const mllp = Buffer.concat(MESSAGES.map(framed))
    const batch = `FHS|^~\\&|X\rBHS|^~\\&|X\r${text}BTS|4\rFTS|1\r`
    const files = [write('a.hl7', text), write('b.mllp', mllp), write('c.hl7.gz', gzipSync(mllp)), write('d', mllp), write('e', text), write('f.hl7', `\ufeff${batch}`)] // biome-ignore format: one list
    for (const path of files) {
      const { inputs, error } = await everything(path, { hl7 })
      expect(error).toBeUndefined()
      expect(inputs.map((it) => (it.kind === 'control' ? it.action : it.kind))).toEqual(['admit', 'reading', 'reading', 'discharge']) // biome-ignore format: one list
      for (const mark of MARKS) expect(JSON.stringify(inputs)).not.toContain(mark)
      const [, first, second] = inputs as { time: number; mode: string; patientKey: string }[]
      expect(second!.time - first!.time).toBe(60_000)
      expect([first!.mode, first!.patientKey]).toEqual(['replay', (inputs[0] as { patientKey: string }).patientKey])
    }
  })

  test('says what of it is bad, with the number of the message, and reads the rest', async () => {
    const unmapped = oru({ control: 'C9', obx: ['OBX|1|NM|999999^MDC_NOTHING^MDC|1|5||||||R', 'OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1|abc|264864^MDC_DIM_BEAT_PER_MIN^MDC||||||R'] }) // biome-ignore format: one list
    const path = write('bad.hl7', `noise\r${report(1, 'C1')}${oru({ processing: 'X' })}${unmapped}`)
    const { rejections, readings, error } = await everything(path, { hl7 })
    expect(error).toBeUndefined()
    expect(readings).toHaveLength(2)
    expect(rejections.map(({ reason, line }) => [reason, line])).toEqual([
      ['bad-record', 1],
      ['bad-record', 3],
      ['not-a-number', 4],
      ['unknown-channel', 4],
    ])
    const long = write('long.hl7', `${report(1, 'C1')}MSH|${'x'.repeat(1_000_001)}\r${report(2, 'C2')}`)
    const passed = await everything(long, { hl7 })
    expect(passed.readings).toHaveLength(2)
    expect(passed.rejections.map(({ reason }) => reason)).toEqual(['too-long'])
  })

  test('that is cut is an error after all that is whole; one that another message interrupts, a rejection', async () => {
    const whole = Buffer.concat([report(1, 'C1'), report(2, 'C2')].map(framed))
    const cut = await everything(write('cut.mllp', whole.subarray(0, whole.length - 40)), { hl7 })
    expect(cut.readings).toHaveLength(1)
    expect(cut.error).toMatchObject({ code: 'recording-unreadable', place: expect.stringContaining('cut.mllp') })
    const broken = Buffer.concat([framed(report(1, 'C1')).subarray(0, 200), framed(report(2, 'C2'))])
    const going = await everything(write('broken.mllp', broken), { hl7 })
    expect([going.error, going.readings.length, going.rejections[0]?.reason]).toEqual([undefined, 1, 'bad-record'])
  })

  test('needs the secret of the site', async () => {
    const { error, inputs } = await everything(write('secret.hl7', MESSAGES.join('')))
    expect(inputs).toEqual([])
    expect(error).toMatchObject({ code: 'config-invalid', message: expect.stringContaining('hl7.secret') })
  })
})
