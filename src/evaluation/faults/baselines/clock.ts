import { type Baseline, combinations } from './baseline.ts'

/**
 * The clock alone: an alarm every so many seconds whatever comes, the first ones first as the threshold falls. It says what
 * being there by chance is worth.
 */
export const clock: Baseline = {
  name: 'clock',
  settings: combinations({ every: [60, 120, 180, 240] }),
  fit(_, { every }) {
    return ({ seconds }) =>
      Float64Array.from({ length: seconds }, (__, i) => (i > 0 && i % every! === 0 ? every! / i : 0))
  },
}
