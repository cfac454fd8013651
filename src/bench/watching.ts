import type { FrameTap, Output, Sink } from '../stream/ports.ts'

type Page = FrameTap & Sink

/** What a bench wants to see of a ward. */
export interface Watch {
  /** told once of each frame of each patient */
  seen?: (patientKey: string) => void
  /** whose frames it is to be shown */
  wants(patientKey: string): boolean
  frames: FrameTap['frames']
  deliver?: (outputs: readonly Output[]) => void
}

/** A page with a bench that looks on: it gets the reports it wants, and the page those that it would get without it. */
export function watching(watch: Watch): (page: Page) => Page {
  return (page) => ({
    name: page.name,
    wants(patientKey, time) {
      watch.seen?.(patientKey)
      return page.wants(patientKey, time) || watch.wants(patientKey)
    },
    frames(reports) {
      const wanted = reports.filter(({ patientKey }) => watch.wants(patientKey))
      if (wanted.length > 0) watch.frames(wanted)
      page.frames(reports.filter(({ patientKey, time }) => page.wants(patientKey, time)))
    },
    watchingChanged: (patientKey, watching) => page.watchingChanged(patientKey, watching),
    left: (patientKey) => page.left(patientKey),
    deliver(outputs) {
      watch.deliver?.(outputs)
      return page.deliver(outputs)
    },
    close: () => page.close(),
  })
}
