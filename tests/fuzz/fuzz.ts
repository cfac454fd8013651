import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { applied, edited } from './edits.ts'

/** One listener or reader: good bytes of every kind it takes, and what holds whatever becomes of them. */
export interface Target {
  readonly name: string
  readonly samples: readonly Uint8Array[]
  /** @throws when the law is broken; whatever it opened goes on */
  run(bytes: Buffer, sample: number): Promise<void> | void
  close?(): Promise<void> | void
}

export interface Fuzzed {
  readonly runs: number
  readonly seconds: number
}

/** Inputs of one seed: a failing one is found again by its seed alone. */
const BATCH = 100
/** how long the smallest input is looked for, ms */
const SHRINK_MS = 60_000
/** how long one input may take: a thread that is in a loop is ended */
const PATIENCE_MS = 30_000
/** the longest bytes that edits make, and some */
const ROOM = 4_000_000

/** Tells a watchdog which bytes are worked, since only another thread can end a loop. */
function watched(name: string, file: string) {
  const beat = new Int32Array(new SharedArrayBuffer(12))
  const room = new Uint8Array(new SharedArrayBuffer(ROOM))
  const workerData = { beat, bytes: room, file, name, patienceMs: PATIENCE_MS }
  const dog = new Worker(new URL('./watchdog.js', import.meta.url), { workerData })
  dog.unref()
  return {
    at(seed: number, bytes: Buffer) {
      room.set(bytes.subarray(0, ROOM))
      Atomics.store(beat, 1, Math.min(bytes.length, ROOM))
      Atomics.store(beat, 2, seed)
      Atomics.add(beat, 0, 1)
    },
    close: () => dog.terminate(),
  }
}

/**
 * Edited bytes until the time is over, at least one batch.
 * @param seed of the first batch; each further one has the next
 * @throws Error with the seed, the law that was broken and the file with the smallest bytes that break it
 */
export async function fuzz(target: Target, seconds: number, seed: number): Promise<Fuzzed> {
  const { name, samples } = target
  const began = performance.now()
  const passed = () => (performance.now() - began) / 1000
  const folder = mkdtempSync(join(tmpdir(), 'vigil-fuzz-'))
  const dog = watched(name, join(folder, `${name}-endless.bin`))
  let runs = 0
  try {
    for (let batch = seed; runs === 0 || passed() < seconds; batch++) {
      const found = await fc.check(
        fc.asyncProperty(edited(samples.length), async (of) => {
          const bytes = applied(samples, of)
          dog.at(batch, bytes)
          await target.run(bytes, of.of)
        }),
        { seed: batch, numRuns: BATCH, interruptAfterTimeLimit: seconds * 1000 + SHRINK_MS },
      )
      runs += found.numRuns
      if (!found.failed || found.counterexample === null) continue
      const [smallest] = found.counterexample
      const bytes = applied(samples, smallest)
      const file = join(folder, `${name}-sample-${smallest.of}.bin`)
      writeFileSync(file, bytes)
      throw new Error(
        `${name}: ${found.errorInstance instanceof Error ? found.errorInstance.message : String(found.errorInstance)}\n` +
          `again: npm run fuzz -- --target ${name} --seed ${batch}\n` +
          `smallest (${bytes.length} bytes, sample ${smallest.of}, ${smallest.edits.length} edits): ${file}`,
      )
    }
  } finally {
    await dog.close()
  }
  rmSync(folder, { recursive: true })
  return { runs, seconds: passed() }
}
