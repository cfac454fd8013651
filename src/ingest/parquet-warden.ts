// A thread beside one that decodes: ends the process when it holds too much memory, heap or not, or has outlived its parent.
import { workerData } from 'node:worker_threads'

/** Bytes. A row group of 256 MB unpacked takes 1.6 GB (measured). */
const MOST_RESIDENT = 2 * 1024 ** 3
const parent = workerData as number

setInterval(() => {
  if (process.ppid !== parent || process.memoryUsage.rss() > MOST_RESIDENT) process.kill(process.pid, 'SIGKILL')
}, 50)
