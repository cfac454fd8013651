import { softwareAdapterOnly } from '../../src/inference/doctor.ts'
import type { DeviceProcess } from '../../src/inference/webgpu/device-process.ts'
import { openWebgpuEngine, type Recovery, type WebgpuOptions } from '../../src/inference/webgpu/webgpu-engine.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import type { StepEngine } from '../../src/stream/ports.ts'
import type { NetworkShape } from '../../src/training/network.ts'
import type { GraphForm } from '../../src/training/onnx/graph.ts'
import { type TestModel, testModel } from '../inference/test-model.ts'

/** The smallest network with everything in it: a software driver computes it as fast as it can anything. */
export const SMALL: NetworkShape = { features: 4, hidden: 5, layers: 2, channels: 1, horizons: 2 }

export interface Pair {
  readonly model: TestModel
  readonly device: StepEngine
  /** the same model on the processor alone */
  readonly cpu: StepEngine
  readonly process: DeviceProcess
  /** losses that the engine told of */
  readonly losses: readonly Recovery[]
  close(): Promise<void>
}

const onCpu = ({ onnx, shape }: TestModel) =>
  openWorkerEngine({ onnx, shape, options: { provider: 'cpu', threads: 1, maxBatch: 512 } })

/** One model on the device of this machine (a software driver where there is no GPU) and on the processor. */
export async function openPair(
  network: NetworkShape = SMALL,
  form: GraphForm = 'lstm-operator',
  options: WebgpuOptions = {},
): Promise<Pair> {
  const model = testModel(network, form)
  const losses: Recovery[] = []
  let process: DeviceProcess | undefined
  const cpu = await onCpu(model)
  const device = await openWebgpuEngine(await onCpu(model), model, {
    software: softwareAdapterOnly(),
    ...options,
    started: (it) => {
      process = it
    },
    lost: (it) => losses.push(it),
  })
  return {
    model,
    device,
    cpu,
    process: process!,
    losses,
    close: () => Promise.all([device.close(), cpu.close()]).then(() => {}),
  }
}

/** The largest difference of two states' rows, over slots. */
export function differs(device: StepEngine, cpu: StepEngine, slots: Iterable<number>): number {
  const [found, wanted] = [new Float32Array(cpu.stateSize), new Float32Array(cpu.stateSize)]
  let worst = 0
  for (const slot of slots) {
    device.readState(slot, found)
    cpu.readState(slot, wanted)
    found.forEach((value, i) => {
      const difference = Math.abs(value - wanted[i]!)
      // NaN is no smaller than anything
      if (!(difference <= worst)) worst = difference
    })
  }
  return worst
}
