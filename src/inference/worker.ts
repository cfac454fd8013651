// A thread that steps: opens one graph, then answers its steps one after the other. State, features and forecasts are shared
// memory; messages only say that there is something to do, and which rows of it.
import { parentPort, workerData } from 'node:worker_threads'
import { VigilError } from '../errors.ts'
import { openStepGraph } from './engine.ts'
import { Stepper } from './step.ts'
import type { FromWorker, Mailbox, StepShare, ToWorker, WorkerStart } from './worker-messages.ts'

const port = parentPort!
const say = (message: FromWorker) => port.postMessage(message)

function fail(error: unknown): void {
  const code = error instanceof VigilError ? error.code : 'engine-failed'
  say({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) })
}

async function serve({ onnx, shape, options }: WorkerStart): Promise<void> {
  const graph = await openStepGraph(onnx, shape, options)
  const stepper = new Stepper(graph)
  const mailboxes: Mailbox[] = []
  let busy = Promise.resolve()

  async function step(share: StepShare): Promise<void> {
    await stepper.step(mailboxes[share.box]!, share)
    say({ kind: 'stepped' })
  }

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'page') stepper.addPage(message.page)
    else if (message.kind === 'mailbox') mailboxes[message.box] = message.mailbox
    else if (message.kind === 'step') busy = busy.then(() => step(message)).catch(fail)
    else graph.close().finally(() => port.close())
  })
  say({ kind: 'open' })
}

serve(workerData as WorkerStart).catch((error: unknown) => {
  fail(error)
  port.close()
})
