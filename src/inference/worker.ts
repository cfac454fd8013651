// A thread that steps: opens one graph, then makes its steps one after the other. State, features and forecasts are shared
// memory, and so is the word that there is something to do; messages bring new memory, and wake.
import { parentPort, workerData } from 'node:worker_threads'
import { VigilError } from '../errors.ts'
import { openStepGraph } from './engine.ts'
import { Stepper } from './step.ts'
import { boxOf, following, StepControl } from './step-control.ts'
import type { FromWorker, Mailbox, ThreadStart, ToWorker } from './worker-messages.ts'

const port = parentPort!
const say = (message: FromWorker) => port.postMessage(message)

function fail(error: unknown): void {
  const code = error instanceof VigilError ? error.code : 'engine-failed'
  say({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) })
}

async function serve({ onnx, shape, options, lookMs, control: words }: ThreadStart): Promise<void> {
  const graph = await openStepGraph(onnx, shape, options)
  const stepper = new Stepper(graph)
  const control = new StepControl(lookMs, words)
  const mailboxes: Mailbox[] = []
  let heard = 0
  let done = 0
  let working = false

  async function step(): Promise<boolean> {
    const asked = control.next(done, heard)
    if (asked === undefined) return false
    let failed = false
    try {
      await stepper.step(mailboxes[boxOf(asked.step)]!, asked)
    } catch (error) {
      failed = true
      fail(error)
    }
    done = following(done)
    if (control.over(done, failed) && !failed) say({ kind: 'stepped' })
    return true
  }

  async function work(): Promise<void> {
    if (working) return
    working = true
    do {
      while (await step()) control.lookForAsked(done)
    } while (!control.sleep(done, heard))
    working = false
  }

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'page') stepper.addPage(message.page)
    else if (message.kind === 'mailbox') mailboxes[message.box] = message.mailbox
    else if (message.kind === 'close') return void graph.close().finally(() => port.close())
    heard = following(heard)
    void work()
  })
  say({ kind: 'open' })
  void work()
}

serve(workerData as ThreadStart).catch((error: unknown) => {
  fail(error)
  port.close()
})
