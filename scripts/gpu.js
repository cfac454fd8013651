// The engine of a GPU held against the processor's, on whatever card is here, with nothing but node and dist/:
//   node scripts/gpu.js equal --hidden 64 --steps 1000      forecasts and states, with admissions and discharges in between
//   node scripts/gpu.js memory --steps 20000 [--seconds 60] resident memory of both processes and the card's, from start to end
//   node scripts/gpu.js kill --how SIGKILL|SIGSTOP          the device's process ended or stopped in the middle
//   node scripts/gpu.js speed --providers webgpu,cpu --batches 64,1024 --hiddens 64,128
//                                                           `vigil bench step`, over lists
// Each prints one JSON object a line. tests/gpu/ hold the same laws on a software driver.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { ROOT } from './setup.js'

/** @typedef {import('../src/stream/ports.ts').StepEngine} StepEngine */

/**
 * Two engines of one model through the same night: batches of changing size and membership, admissions, discharges, states
 * read and written. Gives the largest difference of any forecast and of any state at the end.
 * @param {{ device: StepEngine, cpu: StepEngine, features: number, patients: number, batch: number, steps: number,
 *   random: () => number, every?: (step: number) => void | Promise<void> }} night
 */
export async function heldAgainst({ device, cpu, features, patients, batch, steps, random, every }) {
  const S = cpu.stateSize
  const order = Int32Array.from({ length: patients }, (_, i) => i)
  const row = new Float32Array(S)
  let forecast = 0
  for (let step = 0; step < steps; step++) {
    await every?.(step)
    const count = 1 + Math.floor(random() * batch)
    for (let i = 0; i < count; i++) {
      const j = i + Math.floor(random() * (patients - i))
      const slot = order[i]
      order[i] = order[j] ?? 0
      order[j] = slot ?? 0
    }
    const slots = order.slice(0, count)
    const x = Float32Array.from({ length: count * features }, () => 4 * random() - 2)
    const found = (await device.step(slots, x, count)).slice(0, count * cpu.forecastSize)
    const wanted = await cpu.step(slots, x, count)
    for (let i = 0; i < found.length; i++) forecast = larger(forecast, found[i], wanted[i])
    if (step % 7 === 3) {
      // one leaves, and another lies there
      const left = Math.floor(random() * patients)
      device.reset(left)
      cpu.reset(left)
    }
    if (step % 50 === 25) {
      // a checkpoint goes over to the other engine, and its own to it: the device's to the processor and back
      const moved = Math.floor(random() * patients)
      const there = new Float32Array(S)
      await device.fetchStates?.()
      device.readState(moved, there)
      cpu.readState(moved, row)
      device.writeState(moved, row)
      cpu.writeState(moved, there)
    }
  }
  await device.fetchStates?.()
  let state = 0
  const other = new Float32Array(S)
  for (let slot = 0; slot < patients; slot++) {
    device.readState(slot, row)
    cpu.readState(slot, other)
    for (let i = 0; i < S; i++) state = larger(state, row[i], other[i])
  }
  return { forecast, state }
}

/**
 * @param {number} worst
 * @param {number | undefined} a
 * @param {number | undefined} b
 */
function larger(worst, a, b) {
  const difference = Math.abs(Number(a) - Number(b))
  // NaN is the largest difference there is
  return difference <= worst ? worst : difference
}

/** Resident bytes of a process, from Linux. @param {number | 'self'} pid */
export function residentBytes(pid) {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** MiB in use on the first NVIDIA card; undefined where there is none. */
function cardMiB() {
  try {
    const used = execFileSync('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits'])
    return Number(used.toString().split('\n')[0])
  } catch {
    return undefined
  }
}

const FLAGS = ['hidden', 'layers', 'features', 'patients', 'batch', 'steps', 'threads', 'seconds', 'deadline']
const DEFAULTS = {
  form: 'plain-products',
  providers: 'webgpu,cpu',
  batches: '64,256,1024,4096,16384,65536',
  hiddens: '64,128,256',
  how: 'SIGKILL',
}
const { values, positionals } = parseArgs({
  allowPositionals: true,
  // a test that imports this file has arguments of its own
  strict: false,
  options: Object.fromEntries(
    [...FLAGS, ...Object.keys(DEFAULTS)].map((name) => [name, { type: /** @type {const} */ ('string') }]),
  ),
})
Object.assign(values, { ...DEFAULTS, ...values })

/** A number among the arguments. @param {string} name @param {number} otherwise */
const number = (name, otherwise) => Number(values[name] ?? otherwise)
/** A list among the arguments. @param {string} name */
const list = (name) => String(values[name]).split(',')
/** A built file. @param {string} file */
const dist = (file) => import(join(ROOT, 'dist', file))
const layers = number('layers', 2)
const features = number('features', 16)
const patients = number('patients', 10_000)
const batch = number('batch', 4096)
const steps = number('steps', 1000)
const threads = number('threads', 1)

/** A fresh graph. @param {number} hidden */
async function modelOf(hidden) {
  const { stepModel } = await dist('bench/step-model.js')
  return await stepModel(join(ROOT, 'models'), { features, hidden, layers, form: values['form'] })
}

async function speed() {
  const { benchStep } = await dist('inference/bench-step.js')
  for (const provider of list('providers')) {
    for (const hidden of list('hiddens').map(Number)) {
      const { onnx, shape } = await modelOf(hidden)
      for (const rows of list('batches').map(Number)) {
        const run = { onnx, shape, provider, batch: rows, threads, seconds: number('seconds', 2) }
        const failed = (/** @type {Error} */ error) => ({ provider, hidden, batch: rows, error: error.message })
        say(await benchStep(run).catch(failed))
      }
    }
  }
}

/**
 * The same model on the device and on the processor.
 * @returns {Promise<{ device: StepEngine, cpu: StepEngine, child: import('../src/inference/webgpu/device-process.ts').DeviceProcess,
 *   lost: () => object | undefined, close: () => Promise<unknown> }>}
 */
async function pair() {
  const { openWorkerEngine } = await dist('inference/worker-engine.js')
  const { openWebgpuEngine } = await dist('inference/webgpu/webgpu-engine.js')
  const { softwareAdapterOnly } = await dist('inference/doctor.js')
  const model = await modelOf(number('hidden', 64))
  const onCpu = () => openWorkerEngine({ ...model, options: { provider: 'cpu', threads, maxBatch: 512 } })
  /** @type {any} */
  let child
  /** @type {object | undefined} */
  let lost
  const device = await openWebgpuEngine(await onCpu(), model, {
    software: softwareAdapterOnly(),
    ...(values['deadline'] !== undefined && { deadlineMs: number('deadline', 0) }),
    started: (/** @type {object} */ it) => {
      child = it
    },
    lost: (/** @type {object} */ it) => {
      lost = it
    },
  })
  const cpu = await onCpu()
  return { device, cpu, child, lost: () => lost, close: () => Promise.all([device.close(), cpu.close()]) }
}

async function memory() {
  const { device, child, close } = await pair()
  const slots = Int32Array.from({ length: batch }, (_, i) => i)
  const x = new Float32Array(batch * features).fill(0.5)
  const seconds = stopwatch()
  for (let step = 0; step <= steps; step++) {
    await device.step(slots, x, batch)
    if (step % 10 === 0) await device.fetchStates?.()
    const over = seconds() > number('seconds', Number.POSITIVE_INFINITY)
    if (step % Math.ceil(steps / 10) !== 0 && !over) continue
    const [processMiB, deviceMiB] = [residentBytes('self'), residentBytes(child.pid ?? 0)].map(mebibytes)
    say({ provider: device.provider, step, processMiB, deviceMiB, cardMiB: cardMiB(), seconds: seconds() })
    if (over) break
  }
  await close()
}

/** @param {boolean} kill */
async function equal(kill) {
  const { device, cpu, child, lost, close } = await pair()
  const { random } = await dist('random.js')
  let slowestMs = 0
  let last = performance.now()
  /** @param {number} step */
  const every = (step) => {
    if (step > 0) slowestMs = Math.max(slowestMs, performance.now() - last)
    last = performance.now()
    if (kill && step === steps >> 1) child.signal(/** @type {NodeJS.Signals} */ (values['how']))
  }
  const seconds = stopwatch()
  const worst = await heldAgainst({ device, cpu, features, patients, batch, steps, random: random(1).uniform, every })
  const holds = worst.forecast <= 1e-4 && worst.state <= 1e-4
  const fault = kill ? { how: values['how'], lost: lost(), slowestMs: Math.round(slowestMs) } : {}
  say({ provider: device.provider, ...worst, holds, ...fault, seconds: seconds() })
  await close()
}

/** @param {number} bytes */
const mebibytes = (bytes) => Math.round(bytes / 2 ** 20)

/** Seconds since it was made, to the millisecond. */
function stopwatch() {
  const began = performance.now()
  return () => Math.round(performance.now() - began) / 1000
}

/** @param {object} found */
function say(found) {
  const shape = { features, hidden: number('hidden', 64), layers, patients, batch, steps }
  console.log(JSON.stringify({ check: positionals[0], form: values['form'], ...shape, ...found }))
}

/** @type {Record<string, () => Promise<void>>} */
const CHECKS = { equal: () => equal(false), kill: () => equal(true), memory, speed }

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const check = CHECKS[positionals[0] ?? '']
  if (check === undefined) throw new Error(`one of ${Object.keys(CHECKS).join(', ')}`)
  await check()
}
