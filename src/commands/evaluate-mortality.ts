import type { Command } from 'commander'
import { evaluateMortality2012 } from '../evaluation/mortality2012.ts'
import { classifierBenchmark, withInterval } from './evaluate-benchmark.ts'

/** `vigil evaluate mortality2012` */
export function mortality2012(): Command {
  return classifierBenchmark({
    name: 'mortality2012',
    description: 'death in hospital from the first 48 hours: PhysioNet/CinC Challenge 2012, sets and Outcomes-*.txt',
    model: 'mortality',
    example: 'vigil evaluate mortality2012 --data challenge-2012 --predictions predictions',
    evaluate: evaluateMortality2012,
    lines: (report) => [
      `${report.patients} patients, ${report.deaths} died, ${report.predictedDeaths} were predicted to`,
      `Event 1   ${withInterval(report.event1!, report.event1Interval!)}`,
      `AUROC     ${withInterval(report.auroc!, report.aurocInterval!)}`,
      `AUPRC     ${report.auprc!.toFixed(3)}`,
    ],
  })
}
