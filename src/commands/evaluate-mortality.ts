import type { Command } from 'commander'
import { evaluateMortality2012 } from '../evaluation/mortality2012.ts'
import { mortalityDocument } from '../evaluation/report/mortality-report.ts'
import type { MortalityMetrics } from '../training/classifier/mortality-card.ts'
import { classifierBenchmark, withInterval } from './evaluate-benchmark.ts'

/** `vigil evaluate mortality2012` */
export function mortality2012(): Command {
  return classifierBenchmark({
    name: 'mortality2012',
    description: 'death in hospital from the first 48 hours: PhysioNet/CinC Challenge 2012, sets and Outcomes-*.txt',
    model: 'mortality',
    example: 'vigil evaluate mortality2012 --data challenge-2012 --predictions predictions',
    evaluate: evaluateMortality2012,
    document: (evaluation, manifest, metrics, provenance) =>
      mortalityDocument(evaluation, manifest, metrics as MortalityMetrics | undefined, provenance),
    lines: ({ report }) => [
      `${report.patients} patients, ${report.deaths} died, ${report.predictedDeaths} were predicted to`,
      `Event 1   ${withInterval(report.event1!, report.event1Interval!)}`,
      `AUROC     ${withInterval(report.auroc!, report.aurocInterval!)}`,
      `AUPRC     ${report.auprc!.toFixed(3)}`,
    ],
  })
}
