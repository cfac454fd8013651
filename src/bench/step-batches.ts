import { benchStep, type StepBench, type StepBenchOptions } from '../inference/bench-step.ts'

export type StepRun = StepBench & { readonly model: string }

export interface StepBatchesOptions extends Omit<StepBenchOptions, 'batch' | 'patients'> {
  readonly batch: readonly number[]
  readonly model: string
  readonly patients: number | undefined
}

/**
 * The step by batch. @param found told of what there is after each batch
 * @returns the first batch's figures, and under `batches` every one's where there are several
 */
export async function stepBatches(
  { batch: wanted, model, patients, ...run }: StepBatchesOptions,
  found: (soFar: object) => void,
): Promise<StepRun & { readonly batches?: readonly StepRun[] }> {
  const batches: StepRun[] = []
  for (const batch of wanted) {
    const drawn = patients === undefined ? {} : { patients }
    batches.push({ ...(await benchStep({ ...run, batch, ...drawn })), model })
    found({ ...batches[0]!, batches })
  }
  return wanted.length === 1 ? batches[0]! : { ...batches[0]!, batches }
}
