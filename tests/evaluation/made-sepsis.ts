import type { SepsisCase } from '../../src/evaluation/sepsis-scores.ts'
import { SEPSIS_CHANNELS } from '../../src/inference/hourly/sepsis-channels.ts'
import { random } from '../../src/random.ts'
import { RowGatherer } from '../../src/training/cohorts/stay.ts'

/** Made patients, a quarter of them septic, and a forecaster that is right rather often. */
export function madeSepsisCases(patients: number): SepsisCase[] {
  return Array.from({ length: patients }, (_, i) => {
    const { uniform, normal } = random(i + 1)
    const hours = 20 + Math.floor(30 * uniform())
    const onset = i % 4 === 0 ? Math.floor(hours / 2) : hours
    const gathered = new RowGatherer()
    const logits = new Float64Array(hours)
    for (let t = 0; t < hours; t++) {
      SEPSIS_CHANNELS.forEach(({ channel }, c) => {
        const [low, high] = channel.range
        if (uniform() < 0.5) gathered.add(c, low + (0.2 + 0.1 * uniform()) * Math.min(high - low, 300))
      })
      gathered.endRow()
      logits[t] = -1.5 + normal() + (t >= onset - 6 && onset < hours ? 2.5 : 0)
    }
    const labels = Uint8Array.from({ length: hours }, (__, t) => (t >= onset ? 1 : 0))
    return {
      stay: gathered.stay(`p${String(i).padStart(3, '0')}`, labels),
      labels,
      logits,
      probabilities: logits.map((logit) => 1 / (1 + Math.exp(-logit))),
      fired: Uint8Array.from(logits, (logit) => (logit >= 0 ? 1 : 0)),
      clock: Uint8Array.from({ length: hours }, (__, t) => (t > 6 && t < 14 ? 1 : 0)),
    }
  })
}
