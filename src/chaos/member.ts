import { createInterface } from 'node:readline'
import { openServing } from '../app/serving.ts'
import { withClosing } from '../closing.ts'
import { createLog } from '../log.ts'
import { Settings } from '../vitals/settings.ts'
import { harnessedClient } from './harnessed-client.ts'
import { Obedient } from './obedient.ts'
import type { MemberStart, Order } from './orders.ts'

/** The service as one process of a harness: its settings and its orders come by standard input. */
const obedient = new Obedient()
const lines = createInterface({ input: process.stdin })
const first = new Promise<MemberStart>((resolve) => {
  let begun = false
  lines.on('line', (line) => {
    const said: unknown = JSON.parse(line)
    if (!begun) {
      begun = true
      obedient.take((said as MemberStart).order)
      resolve(said as MemberStart)
    } else if (said === 'release') obedient.release()
    else obedient.take((said as Order | null) ?? undefined)
  })
})
// whoever started it is gone
lines.on('close', () => process.kill(process.pid, 'SIGKILL'))

let asked = false
let stop = (): void => {}
process.on('SIGTERM', () => {
  asked = true
  stop()
})

try {
  const { settings: input, mutant } = await first
  const settings = Settings.parse(input)
  await withClosing(async (atEnd) => {
    const serving = await openServing(
      {
        settings,
        log: createLog(settings.log.level),
        connect: (kafka, log) => harnessedClient(kafka, log, obedient, mutant),
      },
      atEnd,
    )
    stop = () => void serving.stop()
    if (asked) stop()
    await serving.ended
  })
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
