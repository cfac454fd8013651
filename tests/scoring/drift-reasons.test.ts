import { expect, test } from 'vitest'
import { driftFigures, driftReasons } from '../../src/scoring/drift-reasons.ts'
import type { ModelDrift } from '../../src/scoring/model-drift.ts'

const pit = { n: 5000, mean: 0.1, sd: 1.1, distance: 0.04 }
const hr = { channel: 'hr', stability: 0.02, missing: 0.1, missingThen: 0.05, pit }
const steady: ModelDrift = {
  frames: 5000,
  channels: [hr],
  scoreStability: 0.05,
  exceedance: [0.01, Number.NaN],
  exceedanceThen: [0.008, 0.01],
}
const reasons = (drift: ModelDrift) =>
  driftReasons(driftFigures(drift, [1, 10]), drift.frames).map(({ figure, of, limit }) => [figure, of, limit])

test('a ward that is as the model was made for gives no reason, and neither does too little of any ward', () => {
  expect(reasons(steady)).toEqual([])
  expect(reasons({ ...steady, frames: 1999, scoreStability: 9 })).toEqual([])
})

test('each figure beyond its limit is a reason: inputs, missing values, calibration, scores, exceedance', () => {
  expect(reasons({ ...steady, channels: [{ ...hr, stability: 0.26 }] })).toEqual([['stability', 'hr', 0.25]])
  expect(reasons({ ...steady, scoreStability: 0.3 })).toEqual([['stability', 'score', 0.25]])
  expect(reasons({ ...steady, channels: [{ ...hr, missing: 0.26 }] })).toEqual([['missing', 'hr', 0.25]])
  expect(reasons({ ...steady, channels: [{ ...hr, pit: { ...pit, mean: -0.6 } }] })).toEqual([['pit-mean', 'hr', 0.5]])
  expect(reasons({ ...steady, channels: [{ ...hr, pit: { ...pit, sd: 1.6 } }] })).toEqual([['pit-sd', 'hr', 1.5]])
  expect(reasons({ ...steady, exceedance: [0.025, 0.01] })).toEqual([['exceedance', '1s', 0.024]])
})

test('a model without a reference, or without a value, is told of what can be told', () => {
  const bare = { channel: 'hr', stability: undefined, missing: 0.9, missingThen: undefined, pit: undefined }
  const none: ModelDrift = { ...steady, channels: [bare], scoreStability: undefined, exceedanceThen: undefined }
  expect(reasons(none)).toEqual([])
  expect(driftFigures(none, [1, 10]).map(({ figure, of, value }) => [figure, of, value])).toEqual([
    ['missing', 'hr', 0.9],
    ['exceedance', '1s', 0.01],
  ])
})
