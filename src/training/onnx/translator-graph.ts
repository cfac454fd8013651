import { reconstructorShape } from '../../inference/graph-shape.ts'
import type { OnnxModel } from '../../onnx/proto.ts'
import { foldedDecoder, type TranslatorShape, type TranslatorWeights } from '../encdec/shape.ts'
import { constants, type Draft, node, scalar } from './draft.ts'
import { OPSET } from './graph.ts'
import { lstmOperands } from './lstm-operands.ts'

/**
 * Encoder, decoder and errors as one step graph: x [B, S 2C], the newest S frames, and state_in [B, (W - S) 2C], those before
 * them -> forecast [B, W C], |x - x'| of every value of the window (oldest frame first, -1 where none came), and state_out,
 * the newest W - S frames. A frame is C values, then C masks. Zeros are "nothing yet".
 */
export function translatorGraph(
  shape: TranslatorShape,
  weights: TranslatorWeights,
  about: { name: string; producer: string; metadata: Readonly<Record<string, string>> },
): OnnxModel {
  const { channels, window, stride, hidden } = shape
  const draft: Draft = { nodes: [], initialisers: [] }
  const frame = 2 * channels
  node(draft, 'Concat', ['state_in', 'x'], ['window'], { axis: 1 })
  constants(draft, 'state_sizes', [stride * frame, (window - stride) * frame])
  node(draft, 'Split', ['window', 'state_sizes'], ['oldest', 'state_out'], { axis: 1 })

  constants(draft, 'frames', [0, window, frame])
  node(draft, 'Reshape', ['window', 'frames'], ['rows']) // [B, W, 2C]
  node(draft, 'Transpose', ['rows'], ['sequence'], { perm: [1, 0, 2] }) // [W, B, 2C]
  lstmOperands(draft, '_encoder', frame, hidden, weights.encoder)
  const encoder = ['sequence', 'W_encoder', 'R_encoder', 'B_encoder']
  node(draft, 'LSTM', encoder, ['', 'h_encoder', 'c_encoder'], { hidden_size: hidden }) // [1, B, H]

  // the decoder reads nothing but its own state; an operator must be fed, and its input rows are zero
  constants(draft, 'all_but_first', [1])
  constants(draft, 'end', [window])
  constants(draft, 'axis0', [0])
  node(draft, 'Slice', ['sequence', 'all_but_first', 'end', 'axis0'], ['unread']) // [W - 1, B, 2C]
  const folded = foldedDecoder(shape, weights)
  const width = folded.bias.length
  const unread = new Float32Array((frame + hidden) * width)
  unread.set(folded.kernel.subarray(channels * width), frame * width)
  lstmOperands(draft, '_decoder', frame, hidden, { kernel: unread, bias: folded.bias })
  const decoder = ['unread', 'W_decoder', 'R_decoder', 'B_decoder', '', 'h_encoder', 'c_encoder']
  node(draft, 'LSTM', decoder, ['h_decoder'], { hidden_size: hidden }) // [W - 1, 1, B, H]
  node(draft, 'Unsqueeze', ['h_encoder', 'axis0'], ['h_first']) // [1, 1, B, H]
  node(draft, 'Concat', ['h_first', 'h_decoder'], ['tops'], { axis: 0 }) // [W, 1, B, H], newest frame first

  draft.initialisers.push(
    { name: 'head_kernel', dims: [hidden, channels], data: weights.head.kernel },
    { name: 'head_bias', dims: [channels], data: weights.head.bias },
  )
  constants(draft, 'axis1', [1])
  constants(
    draft,
    'oldest_first',
    Array.from({ length: window }, (_, i) => window - 1 - i),
  )
  node(draft, 'Squeeze', ['tops', 'axis1'], ['h']) // [W, B, H]
  node(draft, 'MatMul', ['h', 'head_kernel'], ['products'])
  node(draft, 'Add', ['products', 'head_bias'], ['backwards'])
  node(draft, 'Gather', ['backwards', 'oldest_first'], ['forwards'], { axis: 0 })
  node(draft, 'Transpose', ['forwards'], ['answers'], { perm: [1, 0, 2] }) // [B, W, C]

  constants(draft, 'halves', [channels, channels])
  node(draft, 'Split', ['rows', 'halves'], ['values', 'masks'], { axis: 2 })
  scalar(draft, 'one', 1)
  node(draft, 'Sub', ['values', 'answers'], ['misses'])
  node(draft, 'Abs', ['misses'], ['sizes'])
  node(draft, 'Mul', ['sizes', 'masks'], ['seen'])
  node(draft, 'Sub', ['masks', 'one'], ['unseen']) // 0, or -1 where none came
  node(draft, 'Add', ['seen', 'unseen'], ['errors'])
  constants(draft, 'flat', [0, window * channels])
  node(draft, 'Reshape', ['errors', 'flat'], ['forecast'])

  const sizes = reconstructorShape(shape)
  return {
    ...about,
    opset: OPSET,
    ...draft,
    inputs: [
      { name: 'x', dims: ['batch', sizes.features] },
      { name: 'state_in', dims: ['batch', sizes.hidden] },
    ],
    outputs: [
      { name: 'forecast', dims: ['batch', sizes.outputs] },
      { name: 'state_out', dims: ['batch', sizes.hidden] },
    ],
  }
}
