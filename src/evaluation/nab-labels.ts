import { z } from 'zod'
import { VigilError } from '../errors.ts'
import type { NabWindow } from './nab-score.ts'

/** By `category/file.csv`: first and last time of each window. */
export type NabLabels = ReadonlyMap<string, readonly (readonly [string, string])[]>

const schema = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])))

/** @throws VigilError recording-format */
export function readLabels(text: string, place: string): NabLabels {
  try {
    return new Map(Object.entries(schema.parse(JSON.parse(text))))
  } catch (cause) {
    const message = 'the labels are not {"category/file.csv": [["first", "last"], …]}'
    throw new VigilError('recording-format', message, { place, cause })
  }
}

/**
 * Windows as rows. A window that is not in its file means another file, or a cut one: it must not shrink the test.
 * @throws VigilError recording-format
 */
export function windowsOf(
  name: string,
  times: Float64Array,
  windows: readonly (readonly [string, string])[],
): NabWindow[] {
  return windows
    .map(([from, to]) => {
      const [first, last] = [times.indexOf(timeOf(from)), times.indexOf(timeOf(to))]
      if (first < 0 || last < first) {
        throw new VigilError('recording-format', `no rows at the labelled window ${from} to ${to}`, { place: name })
      }
      return { first, last }
    })
    .toSorted((a, b) => a.first - b.first)
}

/** `2014-04-01 00:00:00`, with or without a fraction, in UTC: ms since 1970, NaN where it is none. */
export function timeOf(stamp: string): number {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?$/.exec(stamp.trim())
  return parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2]}Z`)
}
