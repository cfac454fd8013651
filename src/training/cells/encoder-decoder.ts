import { type Cell, outputOf, type Step } from './cell.ts'
import type { Head } from './perceptron.ts'
import { unroll } from './through-time.ts'

/**
 * Translation of a window into itself, backwards (Malhotra et al. 2016, arXiv 1607.00148, EncDec-AD). The encoder reads
 * x_1 .. x_W and hands its last state to the decoder, which has as large a state; the head reads x'_W from that state, the
 * decoder reads x'_W and gives the state for x'_(W-1), and so on: the newest value, which the state holds best, comes first.
 */
export interface Translator {
  /** I inputs */
  readonly encoder: Cell
  /** D inputs */
  readonly decoder: Cell
  /** linear: state -> [D] */
  readonly head: Head
}

/** What the decoder reads: its own last answer, as when it is used; or the truth (teacher forcing), as in the paper. */
export type Feed = 'own' | 'truth'

/** Gradients beside the parameters of each part, added to. */
export interface TranslatorGradients {
  readonly encoder: readonly Float64Array[]
  readonly decoder: readonly Float64Array[]
  readonly head: readonly Float64Array[]
}

interface Translated {
  readonly encoded: readonly Step[]
  /** [W - 1] newest first: decoded[j] leads from x'_(W-j) to x'_(W-j-1) */
  readonly decoded: readonly Step[]
  /** [W] oldest first */
  readonly answers: readonly Float64Array[]
}

function translate({ encoder, decoder, head }: Translator, x: readonly Float64Array[], truth?: readonly Float64Array[]): Translated {
  const encoded = unroll(encoder, x, new Float64Array(encoder.stateSize))
  const answers: Float64Array[] = new Array(x.length)
  const decoded: Step[] = []
  let state = encoded.at(-1)!.state
  for (let i = x.length - 1; ; i--) {
    answers[i] = head.output(outputOf(decoder, state))
    if (i === 0) return { encoded, decoded, answers }
    const step = decoder.step(truth?.[i] ?? answers[i]!, state)
    decoded.push(step)
    state = step.state
  }
} // biome-ignore format: the signature

/** x [W] of [I] -> x' [W] of [D], the decoder reading its own answers. */
export function reconstruct(translator: Translator, x: readonly Float64Array[]): readonly Float64Array[] {
  return translate(translator, x).answers
}

/**
 * Half the squared error of every wanted value, and the chain rule back through decoder and encoder.
 * @param x [W] of [I]
 * @param wanted [W] of [D], NaN where there is no loss
 * @param truth [W] of [D] what the decoder reads in place of its own answers; undefined: its own, and the loss flows back
 *   through them too
 */
export function throughTranslation(
  translator: Translator,
  x: readonly Float64Array[],
  wanted: readonly Float64Array[],
  truth: readonly Float64Array[] | undefined,
  gradients: TranslatorGradients,
): number {
  const { encoder, decoder, head } = translator
  const { encoded, decoded, answers } = translate(translator, x, truth)
  let loss = 0
  let dState: Float64Array = new Float64Array(decoder.stateSize)
  /** by answer i, of the step that read it */
  let dRead: Float64Array | undefined
  for (let i = 0; i < x.length; i++) {
    const state = i === x.length - 1 ? encoded.at(-1)!.state : decoded[x.length - 2 - i]!.state
    const [h, y] = [outputOf(decoder, state), answers[i]!]
    // what would make the head's own gradient the whole one: y - goal = (y - wanted) + what the reader asks for
    const goal = y.map((value, d) => {
      const miss = Number.isNaN(wanted[i]![d]!) ? 0 : value - wanted[i]![d]!
      loss += (miss * miss) / 2
      return value - miss - (dRead?.[d] ?? 0)
    })
    const dh = head.back(h, y, goal, gradients.head)
    const dOutput = outputOf(decoder, dState)
    for (let n = 0; n < dh.length; n++) dOutput[n]! += dh[n]!
    if (i === x.length - 1) break
    const back = decoder.back(decoded[x.length - 2 - i]!, dState, gradients.decoder)
    dState = back.dBefore
    dRead = truth === undefined ? back.dx : undefined
  }
  for (let t = x.length - 1; t >= 0; t--) dState = encoder.back(encoded[t]!, dState, gradients.encoder).dBefore
  return loss
}
