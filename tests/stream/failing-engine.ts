import { VigilError } from '../../src/errors.ts'
import type { StepEngine } from '../../src/stream/ports.ts'

/** The real engine, whose steps fail while it is told so: what the thread of a lost engine does. */
export function failing(engine: StepEngine) {
  let broken = false
  const step: StepEngine['step'] = async (...of) => {
    if (broken) throw new VigilError('engine-failed', 'the step worker ended with code 1', { retriable: true })
    return engine.step(...of)
  }
  return {
    engine: Object.assign(Object.create(engine) as StepEngine, { step }),
    fail(it: boolean) {
      broken = it
    },
  }
}
