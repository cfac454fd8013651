import { codeBook } from '../../src/hl7/observation.ts'
import { pseudonyms } from '../../src/hl7/pseudonym.ts'
import type { ReadOptions } from '../../src/hl7/read.ts'
import { openZone } from '../../src/hl7/time.ts'
import { channelTable } from '../../src/vitals/channels.ts'

export const table = channelTable()
export const options: ReadOptions = {
  identity: { pseudonyms: pseudonyms('a secret of these tests'), authority: '' },
  book: codeBook(table),
  zone: openZone('Europe/Zurich'),
}

/** Texts that name somebody, in every place where one can stand; nothing of them may come out. */
export const MARKS = [
  'CANARY-NUMBER',
  'CANARYNAME',
  'CANARYVISIT',
  'CANARYSTREET',
  'CANARYPHONE',
  '19520412',
  'CANARYDOCTOR',
  'CANARYOPERATOR',
]

const PID =
  'PID|||CANARY-NUMBER-1^^^Hospital&1.2.3&ISO^MR||CANARYNAME^Maria^^^^^L||19520412|F|||CANARYSTREET 7^^Bern||CANARYPHONE|||||'
const PV1 = 'PV1||I|ICU^ICU-4^ICU-4-B||||CANARYDOCTOR^Anna||||||||||||CANARYVISIT-9^^^Hospital'

/** An observation report as IHE PCD-01 writes it. */
export function oru({
  obx = [
    'OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.6.1.1|82|264864^MDC_DIM_BEAT_PER_MIN^MDC^{beats}/min^^UCUM|50-120||||R|||20260101120001.250+0100',
  ],
  obr = 'OBR|1|M1^MONITOR|M1^MONITOR|182777000^monitoring of patient^SCT|||20260101120001+0100',
  pid = PID,
  pv1 = PV1,
  processing = 'P',
  control = 'C1',
  accept = 'AL|NE',
  msh18 = 'UNICODE UTF-8',
}: {
  obx?: readonly string[]
  obr?: string
  pid?: string
  pv1?: string
  processing?: string
  control?: string
  accept?: string
  msh18?: string
} = {}): string {
  const msh = `MSH|^~\\&|PAT_DEVICE_GATEWAY^1234^EUI-64|Hospital||VIGIL|20260101120002+0100||ORU^R01^ORU_R01|${control}|${processing}|2.6|||${accept}||${msh18}|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`
  return `${[msh, pid, pv1, obr, ...obx].filter((it) => it !== '').join('\r')}\r`
}

export function adt(
  event: string,
  {
    pid = PID,
    pv1 = PV1,
    more = [],
    evn = `EVN|${event}|20260101110000+0100||||20260101105500+0100`,
  }: { pid?: string; pv1?: string; more?: readonly string[]; evn?: string } = {},
): string {
  const msh = `MSH|^~\\&|PAS|Hospital|VIGIL||20260101110001+0100||ADT^${event}|A-${event}|P|2.5`
  return `${[msh, evn, pid, ...more, pv1].filter((it) => it !== '').join('\r')}\r`
}
