import { Command } from 'commander'
import { budget } from './evaluate-budget.ts'
import { cells } from './evaluate-cells.ts'
import { ecg } from './evaluate-ecg.ts'
import { faults } from './evaluate-faults.ts'
import { mortality2012 } from './evaluate-mortality.ts'
import { nab } from './evaluate-nab.ts'
import { sepsis2019 } from './evaluate-sepsis.ts'
import { ward } from './evaluate-ward.ts'

/** Every benchmark, one file each; what they print is a contract (docs/commands.md). */
const BENCHMARKS: readonly (() => Command)[] = [sepsis2019, mortality2012, nab, ecg, faults, budget, ward, cells]

export function evaluateCommand(): Command {
  const evaluate = new Command('evaluate').description('a labelled benchmark, scored by its published rules')
  for (const benchmark of BENCHMARKS) evaluate.addCommand(benchmark())
  return evaluate
}
