import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { type FastifyInstance, fastify } from 'fastify'
import { VigilError } from '../errors.ts'
import type { Check, HttpRoute } from '../stream/ports.ts'
import type { Health } from './health.ts'
import type { PrometheusTelemetry } from './telemetry.ts'

/** The part of a log the listener writes to; pino fits. */
export interface HttpLog {
  debug(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface HttpOptions {
  readonly host: string
  /** 0 takes a free port */
  readonly port: number
  readonly telemetry: Pick<PrometheusTelemetry, 'text' | 'contentType' | 'requested'>
  readonly health: Health
  readonly routes?: readonly HttpRoute[]
  /** directory of the built page, served at `/` */
  readonly page?: string
  readonly log: HttpLog
}

export interface HttpListener {
  /** where it listens, e.g. http://127.0.0.1:8080 */
  readonly url: string
  readonly port: number
  /** ends open event streams, then the listener */
  close(): Promise<void>
}

// Everything the page needs comes from here; nothing may frame it, and no other origin may read it (no CORS).
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

function healthRoute(app: FastifyInstance, path: string, checks: () => Readonly<Record<string, Check>>): void {
  app.get(path, (_request, reply) => {
    const answers = checks()
    const ok = Object.values(answers).every((check) => check.ok)
    reply
      .code(ok ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ ok, checks: answers })
  })
}

function offer(app: FastifyInstance, route: HttpRoute): void {
  if (route.kind === 'json') {
    app.get(route.path, (request, reply) => {
      const answer = route.answer(request.params as Record<string, string>)
      reply.header('cache-control', 'no-store')
      if (answer === undefined) reply.code(404).send({ error: 'there is nothing of that name here' })
      else reply.send(answer)
    })
    return
  }
  app.get(route.path, (_request, reply) => {
    reply.hijack()
    const head = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    }
    reply.raw.writeHead(200, { ...HEADERS, ...head })
    route.open(reply.raw)
  })
}

/**
 * A listener of this machine alone answers only to its names: else a page of another site, whose name was made to point
 * here (DNS rebinding), could read the ward.
 */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]', '::1'])

/** The page's own files; hashed ones never change, the page itself is asked for anew each time. */
function offerPage(app: FastifyInstance, root: string): void {
  app.register(fastifyStatic, {
    root,
    cacheControl: false,
    setHeaders: (response, path) => {
      response.setHeader(
        'cache-control',
        path.includes(join(root, 'assets')) ? 'public, max-age=31536000, immutable' : 'no-cache',
      )
    },
  })
}

/**
 * The one HTTP listener: `/metrics`, `/healthz`, `/readyz`, the routes adapters offer, and the page.
 * @throws VigilError `port-in-use` when another process has the port, `config-invalid` when the address is not ours
 */
export async function listen(options: HttpOptions): Promise<HttpListener> {
  const { telemetry, health, log } = options
  const app = fastify({ logger: false, forceCloseConnections: true, exposeHeadRoutes: false })
  const local = LOOPBACK.has(options.host)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    if (local && !LOOPBACK.has(request.hostname)) {
      await reply.code(421).send({ error: 'this listener answers to the names of this machine only' })
    }
  })
  // the pattern of a route, never the URL asked for: that may name a bed
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    telemetry.requested(route, reply.statusCode)
    log.debug({ method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'request')
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing at this address' }))
  app.setErrorHandler((cause: { statusCode?: number; code?: string }, request, reply) => {
    const status = cause.statusCode ?? 500
    if (status >= 500)
      log.error({ route: request.routeOptions.url ?? 'none', code: cause.code ?? 'internal' }, 'request failed')
    reply.code(status).send({ error: status >= 500 ? 'the request failed' : 'the request cannot be answered' })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', telemetry.contentType).send(await telemetry.text()),
  )
  healthRoute(app, '/healthz', () => health.live())
  healthRoute(app, '/readyz', () => health.ready())
  for (const route of options.routes ?? []) offer(app, route)
  if (options.page !== undefined && existsSync(options.page)) offerPage(app, options.page)
  const { host, port } = options
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    const place = `${host}:${port}`
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE')
      throw new VigilError('port-in-use', `port ${port} is in use on ${host}; choose another with http.port`, {
        place,
        cause,
      })
    if (code === 'EACCES')
      throw new VigilError('config-invalid', `port ${port} may not be opened by this user (http.port)`, {
        place,
        cause,
      })
    throw new VigilError('config-invalid', `cannot listen on ${place} (http.host, http.port): ${code ?? 'unknown'}`, {
      place,
      cause,
    })
  }
  const address = app.server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const name = host.includes(':') ? `[${host}]` : host
  return { url: `http://${name}:${bound}`, port: bound, close: async () => void (await app.close()) }
}
