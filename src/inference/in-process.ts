import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { StepGraph } from './engine.ts'
import { stateSize } from './graph-shape.ts'
import { StateSlab } from './state-slab.ts'
import { Stepper } from './step.ts'

/**
 * A step engine on the calling thread, for benches and short scripts: each step holds the event loop for its duration.
 * It owns the graph and closes it.
 */
export function inProcessEngine(graph: StepGraph): StepEngine {
  const { features, outputs } = graph.shape
  const stepper = new Stepper(graph)
  const slab = new StateSlab(stateSize(graph.shape), (page) => stepper.addPage(page))
  let forecast = new Float32Array(0)
  let steps = 0
  let closed = false
  let inFlight: Promise<unknown> = Promise.resolve()
  return {
    provider: graph.provider,
    stateSize: slab.stateSize,
    forecastSize: outputs,
    async step(slots, x, count) {
      if (closed) throw new VigilError('engine-failed', 'the step engine is closed')
      checkFeatures(x, count, features)
      const again = slab.claim(slots, count)
      if (forecast.length < count * outputs) forecast = new Float32Array(count * outputs)
      const stepped = stepper.step({ slots, x, forecast }, { count, first: 0, end: count, step: ++steps, again })
      inFlight = stepped.catch(() => {})
      try {
        await stepped
      } finally {
        slab.release()
      }
      return forecast
    },
    reset: (slot) => slab.reset(slot),
    readState: (slot, into) => slab.read(slot, into),
    writeState: (slot, from) => slab.write(slot, from),
    async close() {
      if (closed) return
      closed = true
      await inFlight
      await graph.close()
    },
  }
}

/** @throws VigilError internal when x has fewer than count * F features */
export function checkFeatures(x: Float32Array, count: number, features: number): void {
  if (x.length >= count * features) return
  throw new VigilError('internal', `a step of ${count} rows needs ${count * features} features, not ${x.length}`)
}
