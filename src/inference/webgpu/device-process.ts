import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import { builtFile } from '../../built-file.ts'
import { VigilError } from '../../errors.ts'
import { closeShared, INLINE_BYTES, openShared, put, take } from './shared-file.ts'
import { ANSWER, ASK, type Ask, type Failure, HEAD, HEAD_BYTES, type Opening } from './wire.ts'

/** Of what the driver and the library say on their way down, the last so many characters. */
const LAST_WORDS = 2000
/** A process that is asked to close and does not is ended. */
const CLOSE_MS = 5000

interface Pending {
  readonly resolve: (payload: Uint8Array) => void
  readonly reject: (error: VigilError) => void
  readonly timer: NodeJS.Timeout
}

/**
 * The process that holds the device, asked one thing at a time, each with a deadline. It is lost when it ends, when its
 * deadline passes (then it is killed), or when it says that it failed.
 */
export class DeviceProcess {
  /** resolves once with why the process is lost; never when it was closed */
  readonly lost: Promise<VigilError>
  readonly #child: ChildProcess
  readonly #socket: Duplex
  readonly #exited: Promise<void>
  #lose!: (error: VigilError) => void
  #lostBy: VigilError | undefined
  #pending: Pending | undefined
  #closing = false
  #lastWords = ''
  /** files in memory that large payloads go through; undefined where there are none */
  #askedFile: number | undefined
  #answeredFile: number | undefined
  /** the request being sent: head and payload in one write */
  #out = Buffer.alloc(1 << 16)
  #head = Buffer.alloc(HEAD_BYTES)
  /** the answer being received, at offset 0, so that its floats are aligned */
  #in = new Uint8Array(1 << 16)
  #got = 0

  constructor() {
    this.lost = new Promise((resolve) => {
      this.#lose = resolve
    })
    const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }
    const files = [openShared(), openShared()] as const
    const shared = files[0] !== undefined && files[1] !== undefined
    const command = [builtFile('inference/webgpu/child.js'), ...(shared ? ['files'] : [])]
    const child = spawn(process.execPath, command, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', ...(shared ? (files as [number, number]) : [])],
      env,
    })
    if (shared) [this.#askedFile, this.#answeredFile] = files
    else files.forEach(closeShared)
    this.#child = child
    this.#socket = child.stdio[3] as unknown as Duplex
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    this.#socket.on('error', () => {}) // the exit says why
    const stderr = child.stderr as Readable
    stderr.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-LAST_WORDS)
    })
    this.#exited = new Promise((resolve) => {
      child.on('error', (cause) => {
        this.#fail(`the device's process does not start: ${cause.message}`)
        resolve()
      })
      child.on('close', (code, signal) => {
        const last = this.#lastWords.trim().split('\n').at(-1)
        const how = signal === null ? `ended with code ${code}` : `died of ${signal}`
        this.#fail(`the device's process ${how}${last ? `: ${last}` : ''}`)
        resolve()
      })
    })
  }

  /** milliseconds that the last answer took to make, in that process: the rest is the way there and back */
  get workedMs(): number {
    return this.#head.readInt32LE(12) / 1000
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /**
   * Ask for one thing.
   * @param parts the payload, in pieces
   * @returns the answer's payload, valid until the next request
   * @throws VigilError what the process answered, and it is no longer asked; engine-failed when it is lost
   */
  ask(what: Ask, rows: number, parts: readonly ArrayBufferView[], deadlineMs: number): Promise<Uint8Array> {
    if (this.#lostBy !== undefined) return Promise.reject(this.#lostBy)
    if (this.#pending !== undefined)
      return Promise.reject(new VigilError('internal', 'the device was asked while it had not answered'))
    const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const inFile = this.#askedFile !== undefined && length > INLINE_BYTES && put(this.#askedFile, parts)
    const inline = inFile ? [] : parts
    const most = HEAD_BYTES + (inFile ? 0 : length)
    if (this.#out.length < most) this.#out = Buffer.alloc(2 * most)
    new Int32Array(this.#out.buffer, this.#out.byteOffset, HEAD).set([what, rows, length, 0, inFile ? 1 : 0])
    let at = HEAD_BYTES
    for (const { buffer, byteOffset, byteLength } of inline) {
      this.#out.set(new Uint8Array(buffer, byteOffset, byteLength), at)
      at += byteLength
    }
    return new Promise((resolve, reject) => {
      const late = () => this.#fail(`the device did not answer within ${deadlineMs} ms`)
      this.#pending = { resolve, reject, timer: setTimeout(late, deadlineMs) }
      this.#got = 0
      this.#socket.write(this.#out.subarray(0, at))
    })
  }

  /** Open a model; shaders are not compiled yet. @throws VigilError as `ResidentState.open`; engine-failed */
  async open(onnx: Uint8Array, opening: Opening, deadlineMs: number): Promise<void> {
    const words = Buffer.from(JSON.stringify(opening))
    await this.ask(ASK.open, words.length, [words, onnx], deadlineMs)
  }

  /** Release the device and end the process. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#lostBy === undefined && this.#pending === undefined)
      await this.ask(ASK.close, 0, [], CLOSE_MS).catch(() => {})
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_MS)
    this.#socket.end()
    await this.#exited
    clearTimeout(timer)
    for (const file of [this.#askedFile, this.#answeredFile]) closeShared(file)
    this.#askedFile = this.#answeredFile = undefined
  }

  /** What tests do to it, and what ends it when it is lost. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #hear(chunk: Buffer): void {
    let at = 0
    if (this.#got < HEAD_BYTES) {
      at = Math.min(chunk.length, HEAD_BYTES - this.#got)
      chunk.copy(this.#head, this.#got, 0, at)
      this.#got += at
      if (this.#got < HEAD_BYTES) return
      const length = this.#head.readInt32LE(8)
      if (this.#in.length < length) this.#in = new Uint8Array(2 * length)
    }
    const length = this.#head.readInt32LE(8)
    if (this.#head.readInt32LE(16) === 1) take(this.#answeredFile!, this.#in, length)
    else {
      this.#in.set(at === 0 ? chunk : chunk.subarray(at), this.#got - HEAD_BYTES)
      this.#got += chunk.length - at
      if (this.#got < HEAD_BYTES + length) return
    }
    const payload = this.#in.subarray(0, length)
    if (this.#head.readInt32LE(0) === ANSWER.done) {
      const pending = this.#settle()
      pending?.resolve(payload)
      return
    }
    const { code, message } = JSON.parse(Buffer.from(payload).toString()) as Failure
    this.#fail(message, code)
  }

  #settle(): Pending | undefined {
    const pending = this.#pending
    this.#pending = undefined
    clearTimeout(pending?.timer)
    return pending
  }

  #fail(message: string, code: Failure['code'] = 'engine-failed'): void {
    const error = new VigilError(code, message)
    if (this.#lostBy === undefined) {
      this.#lostBy = error
      if (!this.#closing) this.#lose(error)
    }
    this.#settle()?.reject(error)
    this.signal('SIGKILL')
  }
}
