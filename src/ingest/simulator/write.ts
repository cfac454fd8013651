import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { VigilError } from '../../errors.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Reading } from '../../vitals/reading.ts'
import { groundTruth, type SimulatedWard, simulatedInputs } from './ward.ts'

/** `ward.ndjson` -> `ward.truth.json` */
export function truthPath(path: string): string {
  return `${path.replace(/\.(ndjson|jsonl)$/i, '')}.truth.json`
}

/**
 * Write a simulated ward: its inputs as NDJSON, one a line, and its ground truth beside them.
 * @returns readings written
 * @throws VigilError sink-failed when a file cannot be written
 */
export async function writeWard(
  ward: SimulatedWard,
  table: ChannelTable,
  path: string,
  onProgress: (readings: number) => void,
): Promise<number> {
  let readings = 0
  try {
    const out = createWriteStream(path, { highWaterMark: 1 << 20 })
    const done = finished(out)
    done.catch(() => {})
    await Promise.race([once(out, 'open'), done])
    for (const { inputs } of simulatedInputs(ward, table)) {
      let text = ''
      for (const input of inputs) {
        if (input.kind === 'reading') {
          text += line(input, table)
          readings++
        } else text += `${JSON.stringify(input)}\n`
      }
      if (!out.write(text)) await Promise.race([once(out, 'drain'), done])
      onProgress(readings)
    }
    out.end()
    await done
    await writeFile(truthPath(path), `${JSON.stringify(groundTruth(ward), null, 1)}\n`)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new VigilError('sink-failed', `the ward cannot be written${code === undefined ? '' : ` (${code})`}`, {
      place: path,
      cause,
    })
  }
  return readings
}

/** A reading as the wire has it; keys and values of the simulator need no escaping. */
function line(reading: Reading, table: ChannelTable): string {
  const { patientKey, unit, bed, time, channels, values } = reading
  let samples = ''
  for (let i = 0; i < channels.length; i++)
    samples += `${i === 0 ? '' : ','}"${table.channels[channels[i]!]!.name}":${values[i]}`
  return `{"patient":"${patientKey}","unit":"${unit}","bed":"${bed}","time":${time},"complete":true,"values":{${samples}}}\n`
}
