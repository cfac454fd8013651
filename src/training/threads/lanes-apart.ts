import { VigilError } from '../../errors.ts'
import {
  type ChunkOptions,
  type ChunkResult,
  type NetworkState,
  type OutputGradient,
  type ThroughChunk,
  throughChunk,
} from '../bptt.ts'
import type { TrainingEngine } from '../engine.ts'
import { OpenedThread } from './opened-thread.ts'

/** Lanes from .. to - 1 of a chunk. */
interface Piece {
  readonly from: number
  readonly to: number
}

/** Who works chunks. */
export interface ChunkThreads {
  readonly through: ThroughChunk
  close(): Promise<void>
}

/**
 * Threads that share the lanes of every chunk, this one among them: each goes forward and back on its own, the loss is
 * one, and gradients are added in the order of the lanes. The same threads give the same bits; another number of them gives
 * others in the last place.
 * @throws VigilError usage for more than one thread of a GPU; engine-failed
 */
export async function chunkThreads(engine: TrainingEngine['name'], threads: number): Promise<ChunkThreads> {
  if (threads === 1) return { through: throughChunk, close: async () => {} }
  if (engine === 'webgpu') throw new VigilError('usage', 'a GPU is not shared: --threads is of the other engines')
  const others = Array.from({ length: threads - 1 }, () => new OpenedThread({ engine }))
  const close = async () => void (await Promise.all(others.map((thread) => thread.close())))
  try {
    await Promise.all(others.map((thread) => thread.hear('opened')))
  } catch (cause) {
    await close()
    throw cause
  }
  return { through: (...chunk) => apart(others, ...chunk), close }
}

async function apart(
  threads: readonly OpenedThread[],
  ...[shape, weights, x, lanes, state, gradientOf, options = {}]: Parameters<ThroughChunk>
): Promise<ChunkResult> {
  const [mine, ...theirs] = dealt(lanes, threads.length + 1)
  const wide = 2 * shape.horizons * shape.channels
  const begun = theirs.map((piece, i) =>
    threads[i]!.hear('outputs', {
      kind: 'chunk',
      chunk: {
        shape,
        weights,
        x: cut(x, lanes, shape.features, piece),
        lanes: piece.to - piece.from,
        state: stateOf(state, shape.hidden, piece),
        options: optionsOf(options, shape.hidden, piece),
      },
    }),
  )
  for (const outputs of begun) outputs.catch(() => {}) // what failed is said where it is waited for
  let ended: Promise<ChunkResult>[] = []
  const ofMine: OutputGradient = async (outputs) => {
    const each = [outputs, ...(await Promise.all(begun)).map((said) => said.outputs)]
    const gradient = await gradientOf(joined(each, [mine!, ...theirs], lanes, wide))
    ended = theirs.map(async (piece, i) => {
      const part = cut(gradient, lanes, wide, piece)
      return (await threads[i]!.hear('done', { kind: 'gradient', gradient: part })).result
    })
    for (const result of ended) result.catch(() => {})
    return cut(gradient, lanes, wide, mine!)
  }
  const own = await throughChunk(
    shape,
    weights,
    cut(x, lanes, shape.features, mine!),
    mine!.to,
    stateOf(state, shape.hidden, mine!),
    ofMine,
    optionsOf(options, shape.hidden, mine!),
  )
  const results = [own, ...(await Promise.all(ended))]
  for (const { gradients } of results.slice(1)) for (const [i, of] of gradients.entries()) add(own.gradients[i]!, of)
  const layer = (of: 'h' | 'c') =>
    own.state[of].map((_, l) => rowsTogether(results.map((result) => result.state[of][l]!)))
  return { gradients: own.gradients, state: { h: layer('h'), c: layer('c') } }
}

/** Lanes dealt to threads, the first ones one more where they do not come out even; a thread without lanes has no piece. */
function dealt(lanes: number, threads: number): Piece[] {
  const pieces = Math.min(lanes, threads)
  const upTo = (piece: number) => Math.ceil((piece * lanes) / pieces)
  return Array.from({ length: pieces }, (_, i) => ({ from: upTo(i), to: upTo(i + 1) }))
}

/** The piece's lanes of [T, B, wide]. */
function cut(of: Float32Array, lanes: number, wide: number, { from, to }: Piece): Float32Array {
  const steps = of.length / (lanes * wide)
  const part = new Float32Array(steps * (to - from) * wide)
  for (let t = 0; t < steps; t++) {
    part.set(of.subarray((t * lanes + from) * wide, (t * lanes + to) * wide), t * (to - from) * wide)
  }
  return part
}

/** [T, B, wide] of the pieces that `cut` made of it. */
function joined(parts: readonly Float32Array[], pieces: readonly Piece[], lanes: number, wide: number): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.forEach((part, i) => {
    const { from, to } = pieces[i]!
    const row = (to - from) * wide
    for (let t = 0; t * row < part.length; t++) {
      all.set(part.subarray(t * row, (t + 1) * row), (t * lanes + from) * wide)
    }
  })
  return all
}

/** The piece's rows of [B, H]. */
const rowsOf = (of: Float32Array, hidden: number, { from, to }: Piece): Float32Array =>
  of.slice(from * hidden, to * hidden)

function rowsTogether(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const stateOf = ({ h, c }: NetworkState, hidden: number, piece: Piece): NetworkState => ({
  h: h.map((rows) => rowsOf(rows, hidden, piece)),
  c: c.map((rows) => rowsOf(rows, hidden, piece)),
})

const optionsOf = ({ dropout, cellPenalty }: ChunkOptions, hidden: number, piece: Piece): ChunkOptions => ({
  ...(dropout && { dropout: { above: dropout.above.map((rows) => rowsOf(rows, hidden, piece)) } }),
  ...(cellPenalty !== undefined && { cellPenalty }),
})

function add(to: Float32Array, of: Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += of[i]!
}
