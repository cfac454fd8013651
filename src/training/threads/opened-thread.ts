import { Worker } from 'node:worker_threads'
import { builtFile } from '../../built-file.ts'
import { VigilError } from '../../errors.ts'
import type { FromThread, ThreadStart, ToThread } from './messages.ts'

type Answer<Kind> = Extract<FromThread, { kind: Kind }>

interface Pending {
  resolve(message: FromThread): void
  reject(error: VigilError): void
}

/** A thread that works lanes, asked one thing at a time. Close it: a native library's work must not be cut off. */
export class OpenedThread {
  readonly #worker: Worker
  readonly #gone: Promise<void>
  #pending: Pending | undefined
  #lost: VigilError | undefined

  constructor(start: ThreadStart) {
    this.#worker = new Worker(builtFile('training/threads/lane-thread.js'), {
      workerData: start,
      execArgv: [],
      name: 'vigil-lanes',
    })
    this.#worker.on('message', (message: FromThread) => {
      if (message.kind === 'failed') this.#lose(message.reason)
      else this.#pending?.resolve(message)
    })
    this.#worker.on('error', (cause) => this.#lose(String(cause)))
    this.#gone = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#lose(`it ended with code ${code}`)
        resolve()
      })
    })
  }

  /**
   * @param say what it is told; nothing when it is still to say that it is open
   * @param kind what it says next
   * @throws VigilError engine-failed
   */
  async hear<Kind extends FromThread['kind']>(kind: Kind, say?: ToThread): Promise<Answer<Kind>> {
    if (this.#lost) throw this.#lost
    const answer = await new Promise<FromThread>((resolve, reject) => {
      this.#pending = { resolve, reject }
      if (say) this.#worker.postMessage(say)
    })
    if (answer.kind !== kind)
      throw new VigilError('engine-failed', `a training thread said ${answer.kind}, not ${kind}`)
    return answer as Answer<Kind>
  }

  async close(): Promise<void> {
    const bye: ToThread = { kind: 'close' }
    this.#worker.postMessage(bye)
    await this.#gone
  }

  #lose(reason: string): void {
    this.#lost ??= new VigilError('engine-failed', `a training thread failed: ${reason}`)
    this.#pending?.reject(this.#lost)
  }
}
