import { VigilError } from '../errors.ts'
import { printJson } from './options.ts'
import { printed } from './standard-output.ts'
import { stopSignal } from './stop-signal.ts'

/**
 * Print what a bench measures. One that is asked to stop half-way prints what it was asked and what it has so far, marked
 * `"partial": true`, and ends the process at once: there is nothing to finish that would be worth waiting for.
 * @param flags what it was asked
 * @param work is given what to tell of figures that stand by themselves
 */
export async function measured<T extends object>(
  bench: string,
  flags: object,
  work: (found: (soFar: object) => void) => Promise<T> | T,
): Promise<void> {
  let known: object = {}
  let over = false
  stopSignal().subscribe(async () => {
    if (!over) printJson({ bench, ...flags, ...known, partial: true })
    await printed()
    const error = new VigilError('bench-partial', `the bench ${bench} was interrupted`)
    process.stderr.write(`vigil: ${error.code}: ${error.message}\n`)
    process.exit(1)
  })
  process.stderr.write(`bench ${bench}: measuring; Ctrl-C ends it with what there is by then\n`)
  try {
    printJson(
      await work((soFar) => {
        known = soFar
      }),
    )
  } finally {
    over = true
  }
}
