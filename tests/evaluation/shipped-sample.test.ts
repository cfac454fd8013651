import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scoreHourly } from '../../src/evaluation/serve-hourly.ts'
import { HOURLY_INPUTS } from '../../src/inference/hourly/kinds.ts'
import { openClassifier } from '../../src/inference/model-store.ts'
import { random } from '../../src/random.ts'
import { type HourlyStay, RowGatherer } from '../../src/training/cohorts/stay.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))

/** Rows of a made patient: every channel now and then, anywhere in the lower third of its range. */
function madeStay(kind: keyof typeof HOURLY_INPUTS, rows: number): HourlyStay {
  const { uniform } = random(48)
  const gathered = new RowGatherer()
  for (let row = 0; row < rows; row++) {
    HOURLY_INPUTS[kind].channels.forEach(({ range: [low, high], resolution }, channel) => {
      if (uniform() > 0.3) return
      gathered.add(channel, low + Math.round((uniform() * (Math.min(high, 300) - low)) / 3 / resolution) * resolution)
    })
    gathered.endRow()
  }
  return gathered.stay('made')
}

/**
 * What the shipped models gave for a made patient when they were registered. A change of an input, of a normaliser or of
 * the graph moves these; golden steps (`vigil models verify`) hold the graph alone.
 */
const LOGITS: Readonly<Record<string, readonly number[]>> = {
  'sepsis@1.0.0': [1.4773, 1.7044, 1.1569, 1.8113, 2.0352, 1.6721],
  'mortality@1.0.0': [1.6543, 2.4807, 1.3459, 0.3642, 0.4147, 3.4237, 3.5499, 3.1233, 2.9697],
}

describe('a shipped model, fed from readings', () => {
  it.each([
    ['sepsis', 30],
    ['mortality', 48],
  ] as const)('%s gives a made patient the logits it was registered with', async (name, rows) => {
    const bundle = await openClassifier(MODELS, name)
    async function* one() {
      yield madeStay(bundle.manifest.inputs.kind, rows)
    }
    for await (const { logits } of scoreHourly(bundle, one())) {
      const said = Array.from(logits, (logit) => Number(logit.toFixed(4))).filter((_, hour) => hour % 5 === 4)
      const wanted = LOGITS[`${name}@${bundle.manifest.version}`]
      expect(wanted, `${name} ${bundle.manifest.version} has no logits in this test: ${said.join(', ')}`).toBeDefined()
      expect(said).toHaveLength(wanted!.length)
      wanted!.forEach((logit, i) => void expect(said[i]).toBeCloseTo(logit, 3))
    }
  })
})
