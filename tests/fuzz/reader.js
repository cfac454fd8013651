// Reads recordings for the fuzzer, on a thread that can be ended: a path in, how it ended out. The built program, as it is served.
import { parentPort } from 'node:worker_threads'
import { VigilError } from '../../dist/errors.js'
import { siteReading } from '../../dist/hl7/site.js'
import { openRecording } from '../../dist/ingest/recording.js'
import { channelTable } from '../../dist/vitals/channels.js'
import { Settings } from '../../dist/vitals/settings.js'

const table = channelTable()
const { hl7 } = Settings.parse({ hl7: { secret: 'a secret of these tests' } })

parentPort?.on('message', async (/** @type {{ path: string, mapping?: string }} */ { path, mapping }) => {
  let [inputs, wrong] = [0, '']
  try {
    const options = { table, hl7: () => siteReading(hl7, table), ...(mapping !== undefined && { mapping }) }
    for await (const batch of openRecording(path, options)) inputs += batch.inputs.length
  } catch (error) {
    if (!(error instanceof VigilError)) wrong = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  parentPort?.postMessage({ inputs, wrong })
})
parentPort?.postMessage('ready')
