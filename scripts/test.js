// `npm test`: set-up, build, static checks, then every vitest project. `--long` adds the long tests; any other argument
// goes to vitest (`npm test -- tests/vitals`), which then runs without coverage.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { brokerMissing, brokerTests } from './broker.js'
import { ensureChromium } from './browser.js'
import { buildCode, buildPage } from './build.js'
import { staticChecks } from './check.js'
import { leastCovered } from './coverage.js'
import { ensureEngines } from './engines.js'
import { filesBelow } from './files.js'
import { ensureInstalled, ROOT, run, say } from './setup.js'

const inCi = process.env.CI === 'true'
const args = process.argv.slice(2).filter((arg) => arg !== '--long' && arg !== '--')
const long = process.argv.includes('--long')

ensureInstalled()

/** @type {string[]} what failed before a test ran; each counts as one failure */
const failed = []
/** @type {string[]} */
const skipped = []

if (!buildCode()) failed.push('build of src/')
if (!buildPage()) failed.push('build of the ward page')
failed.push(...staticChecks())

const chromium = ensureChromium()
if (chromium) say(`browser tests drive ${chromium}`)
else {
  say('no Chromium found (set CHROMIUM_PATH, or install Debian\'s "chromium"): the browser tests do not run')
  if (inCi) failed.push('a browser, which CI must have')
  else skipped.push(...filesBelow('tests/browser').filter((file) => file.endsWith('.test.ts')))
}
const noBroker = await brokerMissing().catch((/** @type {Error} */ error) => error.message)
if (noBroker !== undefined) {
  say(`the Kafka tests do not run: ${noBroker}`)
  if (inCi) failed.push('a Kafka broker, which CI must have')
  else skipped.push(...brokerTests())
}
if (
  run(process.execPath, ['--input-type=module', '-e', "await import('onnxruntime-node')"], {
    ORT_DISABLE_TELEMETRY: '1',
  }) !== 0
) {
  failed.push('loading onnxruntime-node, the step engine')
}
// a GPU, or Chromium's SwiftShader that plays one; asked in a process of its own
const probe = join(ROOT, 'dist/inference/probe.js')
const noGpu = run(process.execPath, [probe, 'webgpu']) !== 0
if (noGpu) {
  say('no WebGPU device, and no Chromium whose SwiftShader could play one: the GPU tests do not run')
  if (inCi) failed.push('a WebGPU device, which CI must have')
  else skipped.push(...filesBelow('tests/gpu').filter((file) => file.endsWith('.test.ts')))
}

// only CI sets them up unasked: they are 700 MB
if (inCi) {
  for (const { engine, refusal } of await ensureEngines()) {
    if (refusal !== undefined) failed.push(`training engine ${engine}, which CI must have: ${refusal}`)
  }
}

const coverage = join(ROOT, 'coverage')
rmSync(coverage, { recursive: true, force: true })
mkdirSync(coverage)
const countsFile = join(coverage, 'counts.json')
const code = run(
  process.execPath,
  [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=./tests/setup/counts.ts',
    ...(args.length === 0 ? ['--coverage'] : args),
  ],
  {
    VIGIL_COUNTS: countsFile,
    ...(chromium && { VIGIL_CHROMIUM: chromium }),
    ...(noBroker !== undefined && { VIGIL_BROKER: 'none' }),
    ...(noGpu && { VIGIL_GPU: 'none' }),
    ...(long && { VIGIL_LONG: '1' }),
  },
)

const counts = readCounts()
if (code !== 0 && counts.failed === 0) failed.push('vitest itself')
if (args.length === 0) for (const line of leastCovered(join(coverage, 'coverage-summary.json'))) console.log(line)
for (const what of failed) console.log(`FAILED: ${what}`)
for (const file of skipped) console.log(`skipped: ${file}`)
console.log()
console.log(
  `${counts.passed} passed, ${counts.failed + failed.length} failed, ${counts.skipped + skipped.length} skipped`,
)
process.exitCode = code === 0 && failed.length === 0 ? 0 : 1

/** @returns {{ passed: number, failed: number, skipped: number }} zeros when vitest ended before it wrote any */
function readCounts() {
  try {
    return JSON.parse(readFileSync(countsFile, 'utf8'))
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}
