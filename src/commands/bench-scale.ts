import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { BEDS, costsOf, PLAN, scaleTable, sizeOf, withScale } from '../bench/scale.ts'
import { readReport } from '../bench/suite/report.ts'
import { VigilError } from '../errors.ts'
import { printJson, wholes } from './options.ts'

/** The committed results, which come with Vigil. */
const RESULTS = fileURLToPath(new URL('../../docs/bench/latest.json', import.meta.url))

interface ScaleFlags {
  beds: readonly number[]
  results: string
  page?: string
  json?: boolean
}

export function scaleCommand(): Command {
  return new Command('scale')
    .description('what so many beds take, from what the benches measured: cores, memory, partitions, brokers, recovery')
    .option('--beds <n,...>', 'beds', wholes(1), BEDS)
    .option('--results <file>', 'results of the benches; the committed ones by default', RESULTS)
    .option('--page <file>', 'write the table of this Markdown page anew, and print nothing')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  vigil bench scale --beds 500,5000\n')
    .action(async ({ beds, results: place, page, json }: ScaleFlags) => {
      const text = await readFile(place, 'utf8').catch((cause: unknown) => {
        throw new VigilError('config-invalid', 'the results of the benches cannot be read', { place, cause })
      })
      const results = readReport(text, place)
      if (page !== undefined) return writeFile(page, withScale(await readFile(page, 'utf8'), results))
      const costs = costsOf(results)
      const sizes = beds.map((it) => sizeOf(it, costs))
      if (json) printJson({ costs, plan: PLAN, sizes })
      else process.stdout.write(`${scaleTable(sizes)}\n`)
    })
}
