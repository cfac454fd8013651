import { createContext, Script } from 'node:vm'

/** What a decoder does at once takes some ms. On damaged bytes one of another's is not trusted to end: it is stopped after so long. */
const PATIENCE_MS = 2000
const WORK = new Script('work()')
const call: { work: () => unknown } = { work: () => undefined }
const context = createContext(call)

/** The result of synchronous work. @throws Error when it takes longer than 2 s, by being stopped where it stands */
export function withPatience<T>(work: () => T): T {
  call.work = work
  return WORK.runInContext(context, { timeout: PATIENCE_MS })
}
