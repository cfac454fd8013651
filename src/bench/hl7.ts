import { framed, MllpDecoder } from '../hl7/mllp.ts'
import { codeBook } from '../hl7/observation.ts'
import { pseudonyms } from '../hl7/pseudonym.ts'
import { readMessage } from '../hl7/read.ts'
import { openZone } from '../hl7/time.ts'
import { channelTable } from '../vitals/channels.ts'
import { NO_NETWORK, type RanShape } from './shape.ts'

export interface Hl7Bench extends RanShape {
  readonly patients: number
  readonly seconds: number
  readonly observations: number
  /** bytes of one message, its frame included */
  readonly bytes: number
  /** from bytes on a connection to readings ready for Kafka */
  readonly messagesPerSecond: number
  /** of the same run: the text cut into segments and fields, and nothing read */
  readonly bareSplitPerSecond: number
  readonly ratio: number
}

/** Bytes that a connection gives at a time. */
const CHUNK = 65_536
const UNITS = ['264864^MDC_DIM_BEAT_PER_MIN^MDC^{beats}/min^^UCUM', '262688^MDC_DIM_PERCENT^MDC^%^^UCUM', '266016^MDC_DIM_MMHG^MDC^mm[Hg]^^UCUM'] as const // biome-ignore format: one line

/** What a gateway sends every second for one bed: the device, and so many observations of IHE PCD-01. */
function message(observations: number, patient: number): string {
  const { channels } = channelTable()
  const told = channels.filter(({ mdc, unit }) => mdc && ['/min', '%', 'mm[Hg]'].includes(unit))
  const obx = Array.from({ length: observations }, (_, i) => {
    const { mdc, unit, range } = told[i % told.length]!
    const at = ['/min', '%', 'mm[Hg]'].indexOf(unit)
    const value = Math.round((range[0] + range[1]) / 2) + (patient % 7)
    return `OBX|${i + 2}|NM|${mdc!.code}^${mdc!.refId}^MDC|1.${i}.1.1|${value}|${UNITS[at]}|50-120||||R|||20260101120001.000+0000`
  })
  return [
    `MSH|^~\\&|GATEWAY^1234^EUI-64|Hospital|VIGIL||20260101120001.500+0000||ORU^R01^ORU_R01|M${patient}|P|2.6|||AL|NE||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`,
    `PID|||${1_000_000 + patient}^^^Hospital^MR||Doe^J^^^^^L||19520412|F`,
    `PV1||I|ICU^^${patient % 40}|||||||||||||||||V${patient}^^^Hospital`,
    'OBR|1|M1^MONITOR|M1^MONITOR|182777000^monitoring of patient^SCT|||20260101120001+0000',
    'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X',
    ...obx,
    '',
  ].join('\r')
}

/** @returns calls of `work` a second, of medians of rounds that alternate with nothing else */
function rate(work: () => number, seconds: number): number {
  const began = performance.now()
  let done = 0
  while (performance.now() - began < seconds * 1000) done += work()
  return (done / (performance.now() - began)) * 1000
}

/** HL7 bytes to readings, in one process, beside the bare splitting of the same text; rounds alternate, medians count. */
export function benchHl7({
  observations,
  patients,
  seconds,
}: {
  observations: number
  patients: number
  seconds: number
}): Hl7Bench {
  const texts = Array.from({ length: patients }, (_, i) => message(observations, i))
  const stream = Buffer.concat(texts.map(framed))
  const options = {
    identity: { pseudonyms: pseudonyms('a secret of this bench'), authority: '' },
    book: codeBook(channelTable()),
    zone: openZone('UTC'),
  }
  let read = 0
  const whole = () => {
    const decoder = new MllpDecoder()
    let count = 0
    for (let at = 0; at < stream.length; at += CHUNK)
      for (const bytes of decoder.take(stream.subarray(at, at + CHUNK))) {
        const { readings } = readMessage(bytes, options)
        for (const reading of readings) read += JSON.stringify(reading).length
        count++
      }
    return count
  }
  const bare = () => {
    for (const text of texts) for (const line of text.split('\r')) read += line.split('|').length
    return texts.length
  }
  const ROUNDS = 5
  const wholes: number[] = []
  const bares: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    wholes.push(rate(whole, seconds / ROUNDS / 2))
    bares.push(rate(bare, seconds / ROUNDS / 2))
  }
  const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!
  const messagesPerSecond = Math.round(median(wholes))
  const bareSplitPerSecond = Math.round(median(bares))
  if (read === 0) throw new Error('nothing was read')
  return {
    patients,
    seconds,
    observations,
    bytes: Math.round(stream.length / patients),
    messagesPerSecond,
    bareSplitPerSecond,
    ratio: Number((messagesPerSecond / bareSplitPerSecond).toFixed(3)),
    ...NO_NETWORK,
  }
}
