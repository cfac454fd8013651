import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gzip } from 'node:zlib'
import fastifyCookie from '@fastify/cookie'
import fastifyRateLimit from '@fastify/rate-limit'
import fastifyStatic from '@fastify/static'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { VigilError } from '../errors.ts'
import type { Asked, Check, HttpRoute } from '../stream/ports.ts'
import type { Settings } from '../vitals/settings.ts'
import { Access, SESSION_COOKIE } from './access.ts'
import type { Principal, Right } from './roles.ts'
import { readTokens } from './tokens.ts'

/** The part of a log the listener writes to; pino fits. */
export interface HttpLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the listener asks of the metrics. */
export interface Scraped {
  text(): Promise<string>
  readonly contentType: string
  requested(route: string, status: number): void
}

/** What `/healthz` (alive: restart me when not) and `/readyz` (send me work only when so) answer, by check name. */
export interface Health {
  live(): Readonly<Record<string, Check>>
  ready(): Readonly<Record<string, Check>>
}

/** Where and to whom it answers; the settings' section `http`. */
export type HttpSettings = Pick<Settings['http'], 'host' | 'port'> &
  Partial<Pick<Settings['http'], 'tokensFile' | 'certFile' | 'keyFile' | 'requestsPerMinute'>>

export interface HttpOptions extends HttpSettings {
  readonly telemetry: Scraped
  readonly health: Health
  readonly routes?: readonly HttpRoute[]
  /** directory of the built page, served at `/` */
  readonly page?: string
  readonly log: HttpLog
  /** how long a request may take to arrive whole, ms */
  readonly arrivalMs?: number
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

/** Bytes of a request's body, at most: an action is a few hundred. */
const BODY_LIMIT = 16_384
/** Requests of one address a minute, unless told otherwise; a page asks for little, and its stream is one. */
const REQUESTS_PER_MINUTE = 600
/** Tries to sign in of one address a minute. */
const SIGN_INS_PER_MINUTE = 10

/** How long a request may take to arrive whole, ms: a few hundred bytes do in a moment. */
const ARRIVAL_MS = 15_000

function healthRoute(app: FastifyInstance, path: string, checks: () => Readonly<Record<string, Check>>): void {
  // a probe is asked often, by one address for many: it is never told to come back later
  app.get(path, { config: { rateLimit: false } }, (_request, reply) => {
    const answers = checks()
    const ok = Object.values(answers).every((check) => check.ok)
    reply
      .code(ok ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ ok, checks: answers })
  })
}

/** Refuses whoever may not; what follows knows by `who` on whose behalf it runs. */
function guard(access: Access, right: Right) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const session = request.cookies[SESSION_COOKIE]
    const verdict = access.decide(right, { authorization: request.headers.authorization, session })
    if ('who' in verdict) {
      request.who = verdict.who
      // a cookie is sent by the browser, whoever made the page that asks: only our own page may act by it
      const foreign = right === 'act' && request.headers.authorization === undefined && !sameOrigin(request)
      if (foreign) await reply.code(403).send({ error: 'the request comes from another site' })
      return
    }
    if (verdict.status === 401) reply.header('www-authenticate', 'Bearer')
    await reply.code(verdict.status).send({ error: verdict.reason })
  }
}

/** Whether a browser says that the request is of a page of this listener, or it is no browser's. */
function sameOrigin({ headers, host, protocol }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (typeof site === 'string') return site === 'same-origin'
  return headers.origin === undefined || headers.origin === `${protocol}://${host}`
}

declare module 'fastify' {
  interface FastifyRequest {
    /** who was recognised; of guarded routes */
    who?: Principal
  }
}

function askedOf({ query, headers, protocol, host, url }: FastifyRequest): Asked {
  const all = Object.entries(query as Record<string, string | string[]>)
  const lastEventId = headers['last-event-id']
  return {
    query: Object.fromEntries(all.map(([name, value]) => [name, [value].flat()])),
    origin: `${protocol}://${host}`,
    url,
    ...(typeof lastEventId === 'string' && lastEventId !== '' && { lastEventId }),
  }
}

/** Shorter answers are sent as they are, bytes. */
const PACKED_FROM = 4096

/** Packed where whoever asks can unpack it: a ward of two hundred beds is megabytes. */
function sendJson(request: FastifyRequest, reply: FastifyReply, text: string): void {
  const takes = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(`${request.headers['accept-encoding'] ?? ''}`)
  reply.header('vary', 'accept-encoding')
  if (!takes || text.length < PACKED_FROM) {
    reply.send(text)
    return
  }
  gzip(text, { level: constants.Z_BEST_SPEED }, (error, packed) => {
    if (error === null) reply.header('content-encoding', 'gzip').send(packed)
    else reply.send(text)
  })
}

function offer(app: FastifyInstance, route: HttpRoute, access: Access, log: HttpLog): void {
  if (route.kind === 'action') {
    app.post(route.path, { preHandler: guard(access, 'act') }, async (request, reply) => {
      const { status, body } = await route.act(request.body, request.who!.name)
      // who did what is audited in the journal, with the patient; here nobody is named
      log.info({ route: route.path, by: request.who!.name, status }, 'action')
      return reply.code(status).header('cache-control', 'no-store').send(body)
    })
    return
  }
  const read = { preHandler: guard(access, 'read') }
  if (route.kind === 'json') {
    app.get(route.path, read, (request, reply) => {
      const asked = askedOf(request)
      const refused = route.refuses?.(asked)
      reply.header('cache-control', 'no-store')
      const type = route.contentType ?? 'application/json; charset=utf-8'
      if (refused !== undefined) {
        reply.code(400).header('content-type', type).send(refused)
        return
      }
      const answer = route.answer(request.params as Record<string, string>, asked)
      if (answer === undefined) reply.code(404).send({ error: 'there is nothing of that name here' })
      else sendJson(request, reply.header('content-type', type), JSON.stringify(answer))
    })
    return
  }
  app.get(route.path, read, (request, reply) => {
    const asked = askedOf(request)
    const refused = route.refuses?.(asked)
    if (refused !== undefined) {
      reply.code(400).header('cache-control', 'no-store').send(refused)
      return
    }
    reply.hijack()
    const head = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    }
    reply.raw.writeHead(200, { ...HEADERS, ...head })
    route.open(reply.raw, asked)
  })
}

/** Signing a page in and out, and what it may do: the page shows a token once, and has a cookie that no script can read. */
function offerSessions(app: FastifyInstance, access: Access, secure: boolean): void {
  const attributes = { path: '/', httpOnly: true, sameSite: 'strict', secure } as const
  app.get('/api/session', async (request, reply) => {
    const shown = { authorization: request.headers.authorization, session: request.cookies[SESSION_COOKIE] }
    const may = (['read', 'act', 'metrics'] as const).filter((right) => 'who' in access.decide(right, shown))
    const verdict = access.decide('read', shown)
    reply.header('cache-control', 'no-store')
    return {
      signedIn: access.guarded && 'who' in verdict,
      guarded: access.guarded,
      may,
      name: 'who' in verdict ? verdict.who.name : null,
    }
  })
  const limited = { config: { rateLimit: { max: SIGN_INS_PER_MINUTE, timeWindow: 60_000 } } }
  app.post('/api/session', limited, async (request, reply) => {
    const token = (request.body as { token?: unknown } | null)?.token
    const session = typeof token === 'string' ? access.signIn(token) : undefined
    if (session === undefined) return reply.code(401).send({ error: 'no such token, or it has expired' })
    reply.setCookie(SESSION_COOKIE, session.id, { ...attributes, maxAge: session.seconds })
    return reply.code(204).send()
  })
  app.delete('/api/session', async (request, reply) => {
    access.signOut(request.cookies[SESSION_COOKIE])
    reply.clearCookie(SESSION_COOKIE, attributes)
    return reply.code(204).send()
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

/** Certificate and key, where the listener speaks TLS. */
function tls({ certFile, keyFile }: HttpSettings): { readonly cert: Buffer; readonly key: Buffer } | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined
  const read = (file: string | undefined, setting: string): Buffer => {
    if (file === undefined)
      throw new VigilError('config-invalid', 'http.certFile and http.keyFile belong together', { place: setting })
    try {
      return readFileSync(file)
    } catch (cause) {
      throw new VigilError('config-invalid', `${setting} cannot be read`, { place: setting, cause })
    }
  }
  return { cert: read(certFile, 'http.certFile'), key: read(keyFile, 'http.keyFile') }
}

function appOf(secrets: ReturnType<typeof tls>, arrivalMs: number): FastifyInstance {
  const common = {
    logger: false,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: arrivalMs,
  } as const
  // one that dawdles is looked for four times in that time
  const http = { headersTimeout: arrivalMs, connectionsCheckingInterval: arrivalMs / 4 }
  if (secrets === undefined) return fastify({ ...common, http })
  try {
    return fastify({ ...common, https: { ...http, ...secrets, minVersion: 'TLSv1.2' } }) as unknown as FastifyInstance
  } catch (cause) {
    throw new VigilError('config-invalid', 'http.certFile and http.keyFile are no certificate with its key', {
      place: 'http.certFile',
      cause,
    })
  }
}

/**
 * The one HTTP listener: `/metrics`, `/healthz`, `/readyz`, the routes adapters offer, and the page. Who may read, act and
 * scrape is told by tokens, where there are any (`http.tokensFile`).
 * @throws VigilError `port-in-use` when another process has the port, `config-invalid` when the address is not ours, or
 *   tokens or certificates cannot be read
 */
export async function listen(options: HttpOptions): Promise<HttpListener> {
  const { telemetry, health, log } = options
  const local = LOOPBACK.has(options.host)
  const recognise = options.tokensFile === undefined ? undefined : readTokens(options.tokensFile)
  const access = new Access({ recognise, local })
  if (!local && recognise === undefined)
    log.warn({ host: options.host }, 'whoever reaches this listener reads the ward: set http.tokensFile')
  const secrets = tls(options)
  const app = appOf(secrets, options.arrivalMs ?? ARRIVAL_MS)
  await app.register(fastifyCookie)
  await app.register(fastifyRateLimit, { max: options.requestsPerMinute ?? REQUESTS_PER_MINUTE, timeWindow: 60_000 })
  app.addHook('onRequest', async (request, reply) => {
    // whoever asked has gone meanwhile: there is no address to count and nobody to answer
    if (request.ip === undefined) {
      reply.hijack()
      return
    }
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
  app.get('/metrics', { preHandler: guard(access, 'metrics') }, async (_request, reply) =>
    reply.header('content-type', telemetry.contentType).send(await telemetry.text()),
  )
  offerSessions(app, access, secrets !== undefined)
  healthRoute(app, '/healthz', () => health.live())
  healthRoute(app, '/readyz', () => health.ready())
  for (const route of options.routes ?? []) offer(app, route, access, log)
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
  return {
    url: `${secrets === undefined ? 'http' : 'https'}://${name}:${bound}`,
    port: bound,
    close: async () => void (await app.close()),
  }
}
