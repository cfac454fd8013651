import { Subject } from 'rxjs'
import { decodeAcknowledgement } from '../ingest/decode-control.ts'
import type { InputBatch, Source } from '../stream/ports.ts'
import type { AcknowledgementMessage } from '../vitals/control.ts'

/** What people do on a page, where no topic carries it to the ward. */
export interface PageActs {
  /** to be merged into the ward's source */
  readonly source: Source
  /** resolves once every sink has what the ward made of it; rejects where no ward listens */
  submit(message: AcknowledgementMessage): Promise<void>
}

/** Each message is decoded as that of the topic would be, so that it is judged as it is in service. */
export function pageActs(partition: number): PageActs {
  const batches = new Subject<InputBatch>()
  let offset = 0
  return {
    source: batches,
    submit: (message) =>
      new Promise((done, fail) => {
        if (!batches.observed) return fail(new Error('no ward listens'))
        const inputs = [decodeAcknowledgement(JSON.stringify(message))]
        batches.next({ source: 'page', partition, inputs, offsets: [offset++], done })
      }),
  }
}
