import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net'
import { framed, MllpDecoder } from '../../src/hl7/mllp.ts'
import type { AlertEnvelope } from '../../src/vitals/alert.ts'
import { envelope } from '../kafka/made.ts'

/** The `n`th message of a patient's alert, all ids its own. */
export function alert(patientKey: string, n: number, body: Partial<AlertEnvelope['body']> = {}): AlertEnvelope {
  const hex = (text: string) => Buffer.from(text).toString('hex').padEnd(32, '0').slice(0, 32)
  const made = envelope()
  return envelope({
    alertId: hex(patientKey),
    eventId: hex(`${n}/${patientKey}`),
    seq: n,
    subject: { ...made.body.subject, patientKey },
    ...body,
  })
}

export interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A webhook receiver that answers as it is told. @param port to come back on */
export async function webhookReceiver(answer: (posted: Posted, nth: number) => number | 'silence', port = 0) {
  const posted: Posted[] = []
  let nth = 0
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const it = { headers: request.headers, body }
      const status = answer(it, nth++)
      if (status === 'silence') return
      if (status < 300) posted.push(it)
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end('thanks')
    })
  })
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return {
    posted,
    /** made so far */
    connections: () => connections,
    /** closes what is open, and takes new ones */
    hangUp: () => server.closeAllConnections(),
    port: (server.address() as AddressInfo).port,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** An HL7 receiver that answers as it is told. */
export async function mllpReceiver(answer: (message: string, nth: number) => string | 'silence' | 'hang-up', port = 0) {
  const taken: string[] = []
  const sockets = new Set<Socket>()
  let nth = 0
  const server = createTcp((socket) => {
    sockets.add(socket)
    const decoder = new MllpDecoder()
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const bytes of decoder.take(chunk)) {
        const text = bytes.toString()
        const code = answer(text, nth++)
        const control = text.split('|')[9]
        if (code === 'hang-up') socket.destroy()
        else if (code !== 'silence') {
          if (code === 'AA' || code === 'CA') taken.push(text)
          socket.write(
            framed(`MSH|^~\\&|R||VIGIL||20260101||ACK|1|P|2.6\rMSA|${code}|${control}\rERR|||102^^HL70357|E\r`),
          )
        }
      }
    })
  })
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return {
    taken,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
