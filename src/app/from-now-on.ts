import type { Output, Sink } from '../stream/ports.ts'

/** What somebody watches as it happens: what is of before `began` (event time, ms), a day of a stay that was read in, say, is history. */
export function fromNowOn(sink: Sink, began: number): Sink {
  const isNews = (output: Output) =>
    output.kind === 'alert'
      ? output.envelope.body.times.event >= began
      : output.kind !== 'journal' || output.entry.at >= began
  return { ...sink, deliver: (outputs) => sink.deliver(outputs.filter(isNews)), close: () => sink.close() }
}
