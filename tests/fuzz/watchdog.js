// Watches a thread that may go round for ever, which no timer of its own could notice: keeps the bytes it is at, says so, ends it.
import { writeFileSync, writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

/** @type {{ beat: Int32Array, bytes: Uint8Array, file: string, name: string, patienceMs: number }} `beat`: runs begun, length of the bytes, seed */
const { beat, bytes, file, name, patienceMs } = workerData

let [seen, since] = [-1, Date.now()]
setInterval(() => {
  const now = Atomics.load(beat, 0)
  if (now !== seen) [seen, since] = [now, Date.now()]
  else if (now > 0 && Date.now() - since > patienceMs) {
    writeFileSync(file, bytes.slice(0, Atomics.load(beat, 1)))
    const again = `npm run fuzz -- --target ${name} --seed ${Atomics.load(beat, 2)}`
    writeSync(2, `${name}: not done within ${patienceMs / 1000} s\nagain: ${again}\nthe bytes: ${file}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}, patienceMs / 10)
