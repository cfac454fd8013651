import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openRecording, type RecordingOptions } from '../../src/ingest/recording.ts'
import type { Input } from '../../src/stream/ports.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { Reading } from '../../src/vitals/reading.ts'

export const table = channelTable()

/** A folder that goes away with the test file; `write` gives the path of a file in it. */
export function folder(): { dir: string; write: (name: string, content: string | Uint8Array) => string } {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-ingest-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  return {
    dir,
    write(name, content) {
      const path = join(dir, name)
      writeFileSync(path, content)
      return path
    },
  }
}

/** Everything a recording gives, and the error it ended with. */
export async function everything(path: string, options: Partial<RecordingOptions> = {}) {
  const inputs: Input[] = []
  let error: unknown
  try {
    for await (const batch of openRecording(path, { table, ...options })) inputs.push(...batch.inputs)
  } catch (caught) {
    error = caught
  }
  return {
    inputs,
    error,
    readings: inputs.filter((input) => input.kind === 'reading'),
    rejections: inputs.filter((input) => input.kind === 'rejection'),
  }
}

/** The values of a reading by channel name; a value that is not `ok` as [value, status index]. */
export function named(reading: Reading): Record<string, number | [number, number]> {
  return Object.fromEntries(
    reading.channels.map((channel, i) => {
      const value = reading.values[i]!
      const status = reading.statuses[i]!
      return [table.channels[channel]!.name, status === 0 ? value : [value, status]]
    }),
  )
}
