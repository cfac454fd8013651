// Some lanes of every chunk in a thread of its own: forward, outputs handed over, the gradient by them taken back, back.
import { on } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { throughChunk } from '../bptt.ts'
import { openTrainingEngine } from '../engine.ts'
import type { FromThread, LanesOfChunk, ThreadStart, ToThread } from './messages.ts'

const port = parentPort!
const heard = on(port, 'message')
const say = (message: FromThread): void => port.postMessage(message)

async function next(): Promise<ToThread> {
  const { value } = await heard.next()
  return value[0]
}

async function gradientOf(outputs: Float32Array): Promise<Float32Array> {
  say({ kind: 'outputs', outputs })
  const answer = await next()
  if (answer.kind === 'gradient') return answer.gradient
  throw new Error(`a gradient was asked for, and ${answer.kind} came`)
}

async function work({ shape, weights, x, lanes, state, options }: LanesOfChunk): Promise<void> {
  const result = await throughChunk(shape, weights, x, lanes, state, gradientOf, options)
  say({ kind: 'done', result })
}

try {
  await openTrainingEngine((workerData as ThreadStart).engine)
  say({ kind: 'opened' })
  for (let message = await next(); message.kind === 'chunk'; message = await next()) await work(message.chunk)
} catch (cause) {
  say({ kind: 'failed', reason: String(cause instanceof Error ? cause.message : cause) })
}
port.close()
