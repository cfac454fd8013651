import { type FrameTap, patientOf, type Sink } from '../stream/ports.ts'
import { isSelfTest } from '../vitals/reading.ts'

/** What people look at, without Vigil's own self-test patients. */
export function withoutSelfTest(page: FrameTap & Sink): FrameTap & Sink {
  return {
    name: page.name,
    wants: (patientKey, time) => !isSelfTest(patientKey) && page.wants(patientKey, time),
    frames: (reports) => page.frames(reports),
    watchingChanged(patientKey, watching) {
      if (!isSelfTest(patientKey)) page.watchingChanged(patientKey, watching)
    },
    left(patientKey) {
      if (!isSelfTest(patientKey)) page.left(patientKey)
    },
    deliver: (outputs) => page.deliver(outputs.filter((it) => !isSelfTest(patientOf(it) ?? ''))),
    close: () => page.close(),
  }
}
