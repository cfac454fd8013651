// `npm run fuzz -- --minutes 60`: every listener and reader under edited bytes, for hours if wanted. It prints its seed; where a law
// is broken, the seed of the inputs and the file with the smallest one, and ends with 1.
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildCode } from './build.js'
import { ensureInstalled, ROOT, run, say } from './setup.js'

const USAGE = `npm run fuzz -- [--minutes N] [--seed N] [--target NAME]
  --minutes N     of all targets together; 5 by default
  --seed N        of the first inputs; another one each time by default
  --target NAME   one alone: hl7-messages, hl7-listener, kafka-records, kafka-batches, http, recordings
Example: npm run fuzz -- --target recordings --minutes 60`
/** targets that share the time */
const TARGETS = 6

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    target: { type: 'string' },
    help: { type: 'boolean' },
  },
})
const { minutes = '5', seed = String(randomInt(2 ** 31)), target, help } = values
if (help || !(Number(minutes) > 0) || !/^\d{1,9}$|^[12]\d{9}$/.test(seed)) {
  console.log(USAGE)
  process.exit(help ? 0 : 2)
}
ensureInstalled()
if (!buildCode()) process.exit(1)
const seconds = (Number(minutes) * 60) / (target === undefined ? TARGETS : 1)
say(`fuzzing from seed ${seed}, ${seconds.toFixed(0)} s a target`)
process.exitCode = run(
  process.execPath,
  [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'unit', 'tests/fuzz/fuzz.test.ts'],
  {
    VIGIL_FUZZ_SECONDS: String(seconds),
    VIGIL_FUZZ_SEED: seed,
    ...(target !== undefined && { VIGIL_FUZZ_TARGET: target }),
  },
)
