import type { Command } from 'commander'
import { sepsisDocument } from '../evaluation/report/sepsis-report.ts'
import { evaluateSepsis2019 } from '../evaluation/sepsis2019.ts'
import type { SepsisMetrics } from '../training/classifier/sepsis-card.ts'
import { classifierBenchmark, withInterval } from './evaluate-benchmark.ts'

/** `vigil evaluate sepsis2019` */
export function sepsis2019(): Command {
  return classifierBenchmark({
    name: 'sepsis2019',
    description: 'sepsis hour by hour: PhysioNet/CinC Challenge 2019, one .psv a patient',
    model: 'sepsis',
    example: 'vigil evaluate sepsis2019 --data training_setB --predictions predictions',
    evaluate: evaluateSepsis2019,
    document: (evaluation, manifest, metrics, provenance) =>
      sepsisDocument(evaluation, manifest, metrics as SepsisMetrics | undefined, provenance),
    lines: ({ report }) => [
      `${report.patients} patients (${report.septicPatients} septic), ${report.hours} hours, ${report.alarmHours} with an alarm`,
      `utility   ${withInterval(report.utility!, report.utilityInterval!)}`,
      `clock     ${report.clockOnlyUtility!.toFixed(3)}, ours above it by [${report.aboveClockInterval!.map((end) => end.toFixed(3)).join(', ')}]`,
      `AUROC     ${report.auroc!.toFixed(3)}`,
      `AUPRC     ${report.auprc!.toFixed(3)}`,
    ],
  })
}
