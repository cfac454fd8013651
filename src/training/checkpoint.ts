import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { VigilError } from '../errors.ts'
import type { RandomMark } from '../random.ts'
import type { Optimiser } from './adamw.ts'
import type { NetworkState } from './bptt.ts'
import type { LearningPoint } from './learning-curve.ts'
import type { Weights } from './network.ts'

/** Everything that decides how a fit goes on: from here it ends in the same weights, bit for bit. */
export interface FitState {
  /** what comes next: epoch from 1, part and chunk from 0 */
  epoch: number
  part: number
  chunk: number
  /** the source of randomness as it was when the epoch, and this part of it, began */
  epochMark: RandomMark
  partMark: RandomMark | undefined
  readonly optimiser: Optimiser
  /** of the lanes, before the next chunk */
  carried: NetworkState
  /** [K C] of freedom */
  degrees: number[]
  /** [2 K C] surprise since the last validation, and of how many targets */
  readonly sums: Float64Array
  readonly curve: LearningPoint[]
  best: { readonly weights: Weights; readonly updates: number } | undefined
  lowest: number
  /** validations since the best one */
  worse: number
  skipped: number
  skippedInRow: number
}

/** Where a fit is kept on its way. */
export interface Checkpoints {
  /** of the training that was ended */
  readonly left: FitState | undefined
  /** keep it, when the last time is long enough ago */
  keep(state: FitState): void
}

export const NO_CHECKPOINTS: Checkpoints = { left: undefined, keep: () => {} }

const SUM = 32

/**
 * Checkpoints in one file: SHA-256, then the state as V8 writes it; replaced whole or not at all.
 * @param key all that decides the fit: recipe, data, seed, engine
 * @param resume whether a training that was ended goes on; its checkpoint must be of the same key
 * @param seconds between two of them, at least
 * @throws VigilError checkpoint-invalid when it is damaged or of another training; registry-unwritable from `keep`
 */
export function openCheckpoints(file: string, key: string, resume: boolean, seconds: number): Checkpoints {
  let written = performance.now()
  return {
    left: resume ? readLeft(file, key) : undefined,
    keep(state) {
      if (performance.now() - written < seconds * 1000) return
      writeWhole(file, serialize({ key, state }))
      written = performance.now()
    },
  }
}

function readLeft(file: string, key: string): FitState | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new VigilError('checkpoint-invalid', 'the checkpoint cannot be read', { place: file, cause })
  }
  const payload = bytes.subarray(SUM)
  if (!createHash('sha256').update(payload).digest().equals(bytes.subarray(0, SUM))) {
    throw new VigilError('checkpoint-invalid', 'the checkpoint is damaged; without --resume training begins anew', {
      place: file,
    })
  }
  const left = deserialize(payload) as { readonly key: string; readonly state: FitState }
  if (left.key !== key) {
    const message = 'the checkpoint is of another recipe, data, seed or engine; without --resume training begins anew'
    throw new VigilError('checkpoint-invalid', message, { place: file })
  }
  return left.state
}

function writeWhole(file: string, payload: Uint8Array): void {
  const part = `${file}.part`
  try {
    mkdirSync(dirname(file), { recursive: true })
    const to = openSync(part, 'w')
    try {
      for (const bytes of [createHash('sha256').update(payload).digest(), payload]) {
        for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at)
      }
      fsyncSync(to)
    } finally {
      closeSync(to)
    }
    renameSync(part, file)
  } catch (cause) {
    throw new VigilError('registry-unwritable', 'a checkpoint cannot be written', { place: file, cause })
  }
}
