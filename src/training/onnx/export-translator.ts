import { VigilError } from '../../errors.ts'
import { openStepGraph } from '../../inference/engine.ts'
import { verifyGolden } from '../../inference/golden.ts'
import { reconstructorShape } from '../../inference/graph-shape.ts'
import { inProcessEngine } from '../../inference/in-process.ts'
import { encodeModel } from '../../onnx/proto.ts'
import type { GoldenSteps } from '../../vitals/manifest.ts'
import type { Translator } from '../cells/encoder-decoder.ts'
import { windowErrors } from '../encdec/fit.ts'
import { translatorModel } from '../encdec/models.ts'
import { type TranslatorShape, weightsOf } from '../encdec/shape.ts'
import type { Window } from '../encdec/windows.ts'
import { unlikeAlone } from './rows-alone.ts'
import { translatorGraph } from './translator-graph.ts'

/** Absolute: float32 over 2 W steps, the decoder's answers fed back, against doubles. */
const TOLERANCE = 5e-5

/**
 * Write a translator as one ONNX graph and hold it against the equations in doubles, alone and in company.
 * @param rows [N] of [2C] frames of a stay; N / S calls of it are the golden steps
 * @throws VigilError training-failed when a row's bits depend on its company, or the graph computes something else
 */
export async function exportTranslator(
  shape: TranslatorShape,
  translator: Translator,
  rows: readonly Float64Array[],
  metadata: Readonly<Record<string, string>>,
): Promise<{ onnx: Uint8Array; golden: GoldenSteps }> {
  const graph = reconstructorShape(shape)
  const about = { name: metadata['name'] ?? 'model', producer: 'vigil', metadata }
  const onnx = encodeModel(translatorGraph(shape, weightsOf(translator), about))
  const unlike = await unlikeAlone(onnx, graph)
  if (unlike !== undefined) {
    throw new VigilError('training-failed', `the graph rounds ${unlike} differently from the row alone`)
  }
  const golden = goldenCalls(shape, translator, rows)
  const engine = inProcessEngine(await openStepGraph(onnx, graph, { provider: 'cpu', threads: 1, maxBatch: 8 }))
  try {
    await verifyGolden(engine, { golden, dir: 'the exported graph' })
  } catch (cause) {
    throw new VigilError('training-failed', cause instanceof Error ? cause.message : String(cause), { cause })
  } finally {
    await engine.close()
  }
  return { onnx, golden }
}

/** Calls from an empty window on: what each reads, its errors, and the frames it keeps. */
function goldenCalls(shape: TranslatorShape, translator: Translator, rows: readonly Float64Array[]): GoldenSteps {
  const { channels, window, stride } = shape
  const model = translatorModel(translator, 'own', channels)
  const blank = () => new Float64Array(2 * channels)
  let kept: readonly Float64Array[] = Array.from({ length: window - stride }, blank)
  const [x, forecast]: [number[][], number[][]] = [[], []]
  for (let from = 0; from + stride <= rows.length; from += stride) {
    const newest = rows.slice(from, from + stride)
    const frames = [...kept, ...newest]
    x.push(newest.flatMap((row) => [...row]))
    forecast.push([...windowErrors(model, windowOfRows(frames, channels))])
    kept = frames.slice(stride)
  }
  return { x, forecast, h: [kept.flatMap((row) => [...row])], c: [], tolerance: TOLERANCE }
}

/** Frames [W] of [2C] as a window. */
function windowOfRows(frames: readonly Float64Array[], channels: number): Window {
  const wanted = frames.map((row) =>
    Float64Array.from({ length: channels }, (_, c) => (row[channels + c] === 1 ? row[c]! : Number.NaN)),
  )
  return { x: frames, wanted }
}
