import type { FrameTap, Output, Sink } from '../../stream/ports.ts'
import type { FrameReport } from '../../vitals/report.ts'

/** Frames of event times from `from` on, for whoever wants them; counted all the same. */
export interface FramesFrom extends Pick<FrameTap, 'wants' | 'frames'> {
  readonly count: number
}

/**
 * One tap out of a page and a frame file. A frame is made for whoever wants it.
 * @param from event time before which nobody but the page is told, ms; -Infinity for all
 */
export function tapsOf(page: FrameTap, frames: FrameTap | undefined, from: () => number): FramesFrom {
  let count = 0
  return {
    get count() {
      return count
    },
    wants(patientKey, time) {
      if (time >= from()) count++
      return [page.wants(patientKey, time), time >= from() && frames?.wants(patientKey, time)].some(Boolean)
    },
    frames(reports: readonly FrameReport[]) {
      // a page that is full wants no more beds, though the file wants their frames
      page.frames(reports.filter(({ patientKey, time }) => page.wants(patientKey, time)))
      frames?.frames(reports.filter(({ time }) => time >= from()))
    },
  }
}

/** Event time of an output, ms; undefined where it has none. */
function timeOf(output: Output): number | undefined {
  if (output.kind === 'alert') return output.envelope.body.times.event
  return output.kind === 'journal' ? output.entry.at : undefined
}

/** A sink that is told of nothing before an event time, ms. */
export function fromThen(sink: Sink, from: number): Sink {
  return {
    name: sink.name,
    deliver: (outputs) => sink.deliver(outputs.filter((it) => (timeOf(it) ?? from) >= from)),
    close: () => sink.close(),
  }
}
