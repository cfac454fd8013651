import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { framed } from '../../src/hl7/mllp.ts'
import { writeRecording } from '../../src/ingest/write-recording.ts'
import { adt, oru } from '../hl7/messages.ts'
import { everything, table } from '../ingest/collect.ts'
import type { Target } from './fuzz.ts'

/** A damaged file is read to its end, or refused, within this time and memory. */
const PATIENCE_MS = 20_000
const MOST_MB = 512

const example = (name: string) => readFileSync(new URL(`../../examples/recordings/${name}`, import.meta.url))
const lines = (name: string, count: number) => `${example(name).toString().split('\n').slice(0, count).join('\n')}\n`

/** name of the file -> what stands in it */
async function files(folder: string): Promise<Map<string, Buffer>> {
  const ndjson = Buffer.from(lines('example.ndjson', 60))
  const path = join(folder, 'good.ndjson')
  writeFileSync(path, ndjson)
  const parquet = join(folder, 'good.parquet')
  const writer = await writeRecording(parquet, table)
  await writer.write((await everything(path)).readings)
  await writer.close()
  const hl7 = [oru(), adt('A01'), oru({ control: 'C2' })]
  const signals = Buffer.from(Int16Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 70 : 97)).buffer)
  writeFileSync(join(folder, 'signals.dat'), signals)
  return new Map<string, Buffer>([
    ['a.ndjson', ndjson],
    ['a.ndjson.gz', gzipSync(ndjson)],
    ['a.ndjson.zst', readFileSync(new URL('../fixtures/recordings/example.ndjson.zst', import.meta.url))],
    ['bidmc_05_Numerics.csv', Buffer.from(lines('bidmc_05_Numerics.csv', 60))],
    ['mapped.csv', Buffer.from(lines('example.csv', 60))],
    ['a.parquet', readFileSync(parquet)],
    ['a.hl7', Buffer.concat(hl7.map(framed))],
    ['b.hl7', Buffer.from(hl7.join('\r'))],
    [
      'a.hea',
      Buffer.from(
        'a 2 1 200 10:00:00 05/01/2026\nsignals.dat 16 1/bpm 16 0 70 14000 0 HR\nsignals.dat 16 1/% 16 0 97 19400 0 SpO2\n',
      ),
    ],
  ])
}

/** Every format of recordings, damaged: what is read is read in time and in bounded memory, and what is not has a code. */
export async function recordings(): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-fuzz-recordings-'))
  const mapping = join(folder, 'example.mapping.yaml')
  writeFileSync(mapping, example('example.mapping.yaml'))
  const all = await files(folder)
  const names = [...all.keys()]
  let reader: Worker | undefined
  // how long it takes to start is not the files' doing
  const open = async () => {
    if (reader !== undefined) return reader
    reader = new Worker(new URL('./reader.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MOST_MB },
    })
    await once(reader, 'message')
    return reader
  }
  const gone = async () => {
    await reader?.terminate()
    reader = undefined
  }
  return {
    name: 'recordings',
    samples: [...all.values()],
    async run(bytes, sample) {
      const name = names[sample]!
      const path = join(folder, name)
      writeFileSync(path, bytes)
      const worker = await open()
      const late = AbortSignal.timeout(PATIENCE_MS)
      worker.postMessage({ path, ...(name === 'mapped.csv' && { mapping }) })
      try {
        const [{ wrong, inputs }] = (await once(worker, 'message', { signal: late })) as [
          { wrong: string; inputs: number },
        ]
        if (inputs === 0 && all.get(name)!.equals(bytes)) throw new Error(`${name}: a good file is not read`)
        if (wrong !== '') throw new Error(`${name}: no coded error: ${wrong}`)
      } catch (error) {
        await gone()
        if (late.aborted) throw new Error(`${name}: not read within ${PATIENCE_MS / 1000} s`)
        throw error
      }
    },
    async close() {
      await gone()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
