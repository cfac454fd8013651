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

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      form: { type: 'string', default: 'plain-products' },
      hidden: { type: 'string', default: '64' },
      layers: { type: 'string', default: '2' },
      features: { type: 'string', default: '16' },
      patients: { type: 'string', default: '10000' },
      batch: { type: 'string', default: '4096' },
      steps: { type: 'string', default: '1000' },
      how: { type: 'string', default: 'SIGKILL' },
      deadline: { type: 'string' },
      providers: { type: 'string', default: 'webgpu,cpu' },
      batches: { type: 'string', default: '64,256,1024,4096,16384,65536' },
      hiddens: { type: 'string', default: '64,128,256' },
      seconds: { type: 'string' },
      threads: { type: 'string', default: '1' },
    },
  })
  const { hidden, layers, features, patients, batch, steps } = /** @type {Record<string, number>} */ (
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]))
  )
  /** @param {string} file */
  const dist = (file) => import(join(ROOT, 'dist', file))
  const { stepModel } = await dist('bench/step-model.js')
  const { openWorkerEngine } = await dist('inference/worker-engine.js')
  const { openWebgpuEngine } = await dist('inference/webgpu/webgpu-engine.js')
  const { softwareAdapterOnly } = await dist('inference/doctor.js')
  const { random } = await dist('random.js')
  if (positionals[0] === 'speed') return await speed()

  async function speed() {
    const { benchStep } = await dist('inference/bench-step.js')
    for (const provider of values.providers.split(',')) {
      for (const units of values.hiddens.split(',').map(Number)) {
        const { onnx, shape } = await stepModel(join(ROOT, 'models'), {
          features,
          hidden: units,
          layers,
          form: values.form,
        })
        for (const rows of values.batches.split(',').map(Number)) {
          const run = {
            onnx,
            shape,
            provider,
            batch: rows,
            threads: Number(values.threads),
            seconds: Number(values.seconds),
          }
          const found = await benchStep(run).catch((/** @type {Error} */ error) => ({
            provider,
            hidden: units,
            batch: rows,
            error: error.message,
          }))
          console.log(JSON.stringify({ form: values.form, ...found }))
        }
      }
    }
  }

  const { onnx, shape } = await stepModel(join(ROOT, 'models'), { features, hidden, layers, form: values.form })
  const onCpu = () =>
    openWorkerEngine({ onnx, shape, options: { provider: 'cpu', threads: Number(values.threads), maxBatch: 512 } })
  /** @type {any} */
  let child
  /** @type {object | undefined} */
  let lost
  const device = await openWebgpuEngine(
    await onCpu(),
    { onnx, shape },
    {
      software: softwareAdapterOnly(),
      ...(values.deadline && { deadlineMs: Number(values.deadline) }),
      started: (/** @type {object} */ it) => {
        child = it
      },
      lost: (/** @type {object} */ it) => {
        lost = it
      },
    },
  )
  /** @param {object} found */
  const say = (found) =>
    console.log(
      JSON.stringify({
        check: positionals[0],
        form: values.form,
        hidden,
        layers,
        features,
        patients,
        batch,
        steps,
        ...found,
      }),
    )
  const began = performance.now()
  const seconds = () => Math.round(performance.now() - began) / 1000
  if (positionals[0] === 'memory') {
    const slots = Int32Array.from({ length: batch }, (_, i) => i)
    const x = new Float32Array(batch * features).fill(0.5)
    for (let step = 0; step <= steps; step++) {
      await device.step(slots, x, batch)
      if (step % 10 === 0) await device.fetchStates?.()
      const over = values.seconds !== undefined && seconds() > Number(values.seconds)
      if (step % Math.ceil(steps / 10) !== 0 && !over) continue
      const processMiB = Math.round(residentBytes('self') / 2 ** 20)
      say({
        step,
        processMiB,
        deviceMiB: Math.round(residentBytes(child.pid) / 2 ** 20),
        cardMiB: cardMiB(),
        seconds: seconds(),
      })
    }
  } else if (positionals[0] === 'equal' || positionals[0] === 'kill') {
    const cpu = await onCpu()
    const { uniform } = random(1)
    let slowestMs = 0
    let last = performance.now()
    /** @param {number} step */
    const every = (step) => {
      if (step > 0) slowestMs = Math.max(slowestMs, performance.now() - last)
      last = performance.now()
      if (positionals[0] === 'kill' && step === Math.floor(steps / 2))
        process.kill(child.pid, /** @type {NodeJS.Signals} */ (values.how))
    }
    const worst = await heldAgainst({ device, cpu, features, patients, batch, steps, random: uniform, every })
    await cpu.close()
    const how = positionals[0] === 'kill' ? { how: values.how, lost, slowestMs: Math.round(slowestMs) } : {}
    say({
      provider: device.provider,
      ...worst,
      holds: worst.forecast <= 1e-4 && worst.state <= 1e-4,
      ...how,
      seconds: seconds(),
    })
  } else {
    console.error('equal, memory or kill')
    process.exitCode = 2
  }
  await device.close()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
