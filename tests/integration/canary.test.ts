import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { framed } from '../../src/hl7/mllp.ts'
import { adt, MARKS, oru } from '../hl7/messages.ts'
import { type Ran, ROOT, vigil } from './vigil.ts'

/** Who somebody is, put where it does not belong into every format; patients themselves have pseudonyms. */
const T0 = Date.UTC(2026, 0, 1)
const SECONDS = 90
const NAME = 'CANARYNAME'
const NUMBER = 'CANARY-NUMBER-1'
const at = (second: number) => T0 + second * 1000
const folder = mkdtempSync(join(tmpdir(), 'vigil-canary-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)
const env = { VIGIL_HL7_SECRET: 'a secret of these tests', VIGIL_LOG_LEVEL: 'debug' }

const dtm = (second: number) => `${new Date(at(second)).toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`
/** a saturation that falls, so that something is said of the patient */
const capture = [
  adt('A01'),
  ...Array.from({ length: SECONDS }, (_, i) =>
    oru({
      control: `c${i}`,
      obr: `OBR|1||||||${dtm(i)}`,
      obx: [`OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||${i < 20 ? 97 : 70}|262688^MDC_DIM_PERCENT^MDC^%^^UCUM`],
    }),
  ),
  oru({ obr: `OBR|1||||||${NAME}`, control: 'bad' }),
  oru({ obx: [`OBX|1|NM|150456^${NAME}^MDC||${NAME}|${NAME}`], control: 'worse' }),
  oru({ obx: [`OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC||82|${NAME}|||${NUMBER}`], control: 'worst' }),
  oru({
    obx: [`OBX|1|NM|${NAME}^${NUMBER}^MDC||82`, `OBX|2|NM|${NUMBER}||82`, `${NAME}|1|${NUMBER}`],
    control: 'named',
  }),
  `${adt('A08')}\r${NAME}|${NUMBER}`,
  `PID|||${NUMBER}||${NAME}\r`,
  adt('A99'),
  adt('A03'),
]
const message = (second: number, more: object = {}) =>
  JSON.stringify({ patient: 'p-1', time: at(second), values: { hr: 72, spo2: 97 }, ...more })
const lines = [
  ...Array.from({ length: 10 }, (_, i) => message(i)),
  message(11, { name: NAME, mrn: NUMBER }),
  message(12, { bed: { name: NAME } }),
  message(13, { values: { hr: NAME, spo2: { value: 97, status: NAME, unit: NUMBER } } }),
  message(14, { time: NAME }),
  message(11.5, { [NAME]: 1, [`${NUMBER} 12 April`]: 2 }),
  message(13.5, { values: { spo2: 97, [NAME]: 1, hr: { value: 70, [NUMBER]: 1 } } }),
  JSON.stringify({ kind: 'journal', patientKey: 'p-1', at: at(14), afterOffset: 1, entry: 'discharge', [NAME]: 1 }),
  message(15, { mode: NAME }),
  `{"patient":"p-1","time":${at(16)},"note":"${NAME} `,
  `${NAME}, born on 12 April`,
  `["${NAME}"]`,
]
const row = (second: number, cell = '81') =>
  `${new Date(at(second)).toISOString()};1;${cell};97;15;98,4;${NAME} ${NUMBER}`
const csv = [
  'timestamp;bed;heart rate;SpO2;RR;temp F;comment',
  row(0),
  row(1, NAME),
  `${NAME};1;80;97;15;98,4;x`,
  row(3),
]

/** columns that are called as somebody is: of a format that is known, and of one that a mapping explains */
const known = [
  `Time [s], HR, PULSE, RESP, SpO2, ${NAME}, ${NUMBER}`,
  '0, 70, 70, 15, 97, 1, 1',
  '1, x, 70, 15, 97, 1, 1',
]
const owned = [`t;${NAME};${NUMBER}`, '0;70;97', 'x;71;97', '2;x;97']
const MAPPED = `time: { column: t, format: s }
columns: { ${NAME}: { channel: hr }, ${NUMBER}: { channel: spo2 } }
delimiter: ';'
`

beforeAll(() => {
  writeFileSync(path('known.csv'), known.join('\n'))
  writeFileSync(path('owned.csv'), owned.join('\n'))
  writeFileSync(path('owned.yaml'), MAPPED)
  writeFileSync(path('ward.hl7'), Buffer.concat(capture.map(framed)))
  writeFileSync(path('plain.hl7'), capture.join('\r'))
  writeFileSync(path('lines.ndjson'), lines.join('\n'))
  writeFileSync(path('lines.ndjson.gz'), gzipSync(lines.join('\n')))
  writeFileSync(path('table.csv'), csv.join('\n'))
  const ten = Array.from({ length: 10 }, (_, i) => i)
  const columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData'] = [
    { name: 'time', data: ten.map((it) => new Date(at(it))), type: 'TIMESTAMP' },
    { name: 'patient', data: ten.map(() => 'p-2'), type: 'STRING' },
    { name: 'hr', data: ten.map((it) => 70 + it), type: 'DOUBLE' },
    { name: 'name', data: ten.map(() => NAME), type: 'STRING' },
    { name: NAME, data: ten.map(() => 1), type: 'DOUBLE' },
  ]
  writeFileSync(path('table.parquet'), Buffer.from(parquetWriteBuffer({ columnData })))
  writeFileSync(
    path('wave.dat'),
    Int16Array.from({ length: 20 }, () => 70),
  )
  writeFileSync(
    path('wave.hea'),
    `wave 2 1 10 10:00:00 05/01/2026\nwave.dat 16 1/bpm 16 0 70 700 0 HR\nwave.dat 16 1/${NAME} 16 0 70 700 0 ${NAME}\n# ${NAME} ${NUMBER} 19520412\n`,
  )
})

/** Nothing of it names anybody. */
function namesNobody(what: string, text: string) {
  for (const mark of [...MARKS, NAME, NUMBER, '12 April']) expect(text.includes(mark), `${mark} in ${what}`).toBe(false)
}
const said = ({ stdout, stderr }: Ran) => `${stdout}${stderr}`

test('whatever format names somebody, no alert, frame, dead letter, log or report does', async () => {
  const files = [
    'ward.hl7',
    'plain.hl7',
    'lines.ndjson',
    'lines.ndjson.gz',
    'table.parquet',
    'wave.hea',
    'known.csv',
  ].map(path)
  const mapping = join(ROOT, 'examples/recordings/example.mapping.yaml')
  const outputs = (of: string) => ['alerts', 'frames', 'dead-letters'].flatMap((it) => [`--${it}`, path(`${of}.${it}`)])
  for (const it of await Promise.all([
    vigil(['replay', ...files, ...outputs('all')], env),
    vigil(['replay', path('table.csv'), '--mapping', mapping, ...outputs('csv')], env),
    vigil(['replay', path('owned.csv'), '--mapping', path('owned.yaml'), ...outputs('owned')], env),
  ])) {
    expect(it.code, it.stderr).toBe(0)
    namesNobody('what replay says', said(it))
  }
  const [alerts, frames, dead] = ['alerts', 'frames', 'dead-letters'].map((it) => {
    const text = ['all', 'csv', 'owned'].map((of) => readFileSync(path(`${of}.${it}`), 'utf8')).join('')
    namesNobody(`the ${it}`, text)
    return text
  })
  // and each of them was written: of both captures, of every format, of every kind of mark
  const bodies = alerts!
    .trim()
    .split('\n')
    .map((it) => JSON.parse(it))
  expect(bodies.map(({ code }) => code)).toContain('spo2-low')
  for (const patient of ['p-1', 'p-2', 'wave', 'bed:WARD-A/1'])
    expect(frames!.includes(`"patientKey":"${patient}"`), patient).toBe(true)
  const reasons = dead!
    .trim()
    .split('\n')
    .map((it) => JSON.parse(it).reason)
  expect(reasons.length).toBeGreaterThan(25)

  const { alertId } = bodies.find(({ code }) => code === 'spo2-low')!
  const explain = ['explain', alertId, path('ward.hl7'), '--alerts', path('all.alerts')]
  const report = path('report.html')
  const [explained, asJson, compared] = await Promise.all([
    vigil(explain, env),
    vigil([...explain, '--json'], env),
    vigil(['compare', 'bedside', 'bedside,q=0.2', path('ward.hl7'), '--report', report], env),
  ])
  for (const it of [explained, asJson, compared]) {
    expect(it.code, it.stderr).toBe(0)
    namesNobody('an explanation or a comparison', said(it))
  }
  expect(explained.stdout).toContain('SpO')
  namesNobody('the report', readFileSync(report, 'utf8'))
}, 120_000)

/** As the file of a mapping goes wrong: its keys are names of columns. */
test.each([
  ['a column that the table lacks', `time: { column: t, format: s }\ncolumns: { ${NAME} 2: { channel: hr } }`],
  ['a time that the table lacks', `time: { column: ${NAME} 2, format: s }\ncolumns: { ${NAME}: { channel: hr } }`],
  [
    'a channel twice',
    `time: { column: t, format: s }\ncolumns: { ${NAME}: { channel: hr }, ${NUMBER}: { channel: hr } }`,
  ],
  ['no such unit', `time: { column: t, format: s }\ncolumns: { ${NAME}: { channel: hr, unit: mmHg } }`],
  ['a key that there is not', `time: { column: t, format: s }\n${NAME}: 1\ncolumns: { ${NUMBER}: { channel: hr } }`],
  ['a key too deep', `time: { column: t, format: s }\ncolumns: { ${NAME}: { channel: hr, ${NUMBER}: 1 } }`],
  ['a key twice', `time: { column: t, format: s }\ncolumns: { ${NAME}: { channel: hr }, ${NAME}: { channel: hr } }`],
  ['no YAML', `time: { column: t\n${NAME}: [`],
])('a mapping with %s names nobody', async (what, text) => {
  const mapping = path(`${what.replaceAll(' ', '-')}.yaml`)
  writeFileSync(mapping, text)
  const ran = await vigil(['replay', path('owned.csv'), '--mapping', mapping], env)
  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain('mapping-invalid')
  namesNobody('what replay says', said(ran))
})
