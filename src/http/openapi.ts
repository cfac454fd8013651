import { z } from 'zod'
import { ActionRequest } from './actions.ts'
import type { Right } from './roles.ts'
import { SteeringRequest } from './steering.ts'

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const object = (
  properties: Readonly<Record<string, Schema>>,
  more: Schema = { required: Object.keys(properties) },
) => ({
  type: 'object',
  properties,
  ...more,
})
const anything: Schema = { type: 'object', description: 'the type is in `src/dashboard/protocol.ts`' }
const error = object({ error: text })
const checks = { type: 'object', additionalProperties: object({ ok: flag, reason: text }) }
const may = { type: 'array', items: { enum: ['read', 'act', 'metrics'] } }
const session = object({ signedIn: flag, guarded: flag, may, name: { type: ['string', 'null'] } })
const bundle = object({
  resourceType: { const: 'Bundle' },
  type: { const: 'searchset' },
  total: { type: 'integer' },
  link: { type: 'array' },
})
const resource = (type: string) => object({ resourceType: { const: type }, id: text })
const outcome = object({ resourceType: { const: 'OperationOutcome' }, issue: { type: 'array', minItems: 1 } })

const JSON_TYPE = 'application/json'
const FHIR_TYPE = 'application/fhir+json'
const answer = (description: string, schema?: Schema, type = JSON_TYPE) => ({
  description,
  ...(schema !== undefined && { content: { [type]: { schema } } }),
})
const refused = (status: number, description: string) => ({ [status]: answer(description, error) })

/** What everybody may be told who may not, or asks too often. */
const guarded = (right: Right | undefined) => ({
  ...(right !== undefined && {
    ...refused(401, 'a token is needed'),
    ...refused(403, `whoever asks may not \`${right}\``),
  }),
})
const TOO_OFTEN = refused(429, 'too many requests of one address')

const query = (name: string, description: string, many = true) => ({
  name,
  in: 'query',
  description,
  schema: many ? { type: 'array', items: text } : text,
})
const id = { name: 'id', in: 'path', required: true, schema: text }

function get(summary: string, right: Right | undefined, responses: object, parameters: readonly object[] = []) {
  return {
    get: {
      summary,
      ...(right === undefined ? { security: [] } : {}),
      ...(parameters.length > 0 && { parameters }),
      responses: { ...responses, ...guarded(right) },
    },
  }
}

/** A FHIR type: its search and its reading by id. */
function fhir(type: string, parameters: readonly string[]) {
  const asked = [...parameters, '_count'].map((name) => query(name, 'see docs/http.md'))
  return {
    [`/fhir/${type}`]: get(
      `FHIR R4 search of ${type}`,
      'read',
      {
        200: answer('a searchset', bundle, FHIR_TYPE),
        400: answer('a parameter is not understood', outcome, FHIR_TYPE),
        ...TOO_OFTEN,
      },
      asked,
    ),
    [`/fhir/${type}/{id}`]: get(
      `one ${type}`,
      'read',
      { 200: answer('the resource', resource(type), FHIR_TYPE), ...refused(404, 'there is none'), ...TOO_OFTEN },
      [id],
    ),
  }
}

/** Every route of the listener as OpenAPI 3.1, whose schemas are JSON Schema 2020-12. */
export function openApi(): unknown {
  const { $schema: _, ...action } = z.toJSONSchema(ActionRequest, { io: 'input' })
  const { $schema: __, ...steering } = z.toJSONSchema(SteeringRequest, { io: 'input' })
  const stream = (summary: string, parameters: readonly object[], responses: object = {}) =>
    get(
      summary,
      'read',
      { 200: answer('server-sent events', text, 'text/event-stream'), ...responses, ...TOO_OFTEN },
      parameters,
    )
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vigil',
      version: '1',
      description: 'Written by `npm run contracts`. Research software, not a medical device. See docs/http.md.',
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
    paths: {
      '/api/ward': get('the whole ward, as the page shows it', 'read', {
        200: answer('the ward', anything),
        ...TOO_OFTEN,
      }),
      '/api/strips': get(
        "the last minutes of the rows of beds' tiles",
        'read',
        { 200: answer('strips by bed', anything), ...TOO_OFTEN },
        [query('bed', "the page's id of a bed")],
      ),
      '/api/beds/{id}': get(
        'one bed with its ended alerts',
        'read',
        { 200: answer('the bed', anything), ...refused(404, 'there is none'), ...TOO_OFTEN },
        [id],
      ),
      '/events': stream('what changes on the ward, for the page', []),
      '/api/alerts/stream': stream(
        'alert envelopes (alert-envelope.schema.json) as they come',
        [
          query('unit', 'of any of these'),
          query('bed', 'of any of these'),
          query('priority', 'any of high, medium, low, info'),
          query('lastEventId', 'the last event that the caller has', false),
          { name: 'Last-Event-ID', in: 'header', schema: text },
        ],
        refused(400, 'a parameter is not understood'),
      ),
      '/api/actions': {
        post: {
          summary: 'acknowledge, pause, resume, reset, feedback, mute, unmute',
          requestBody: { required: true, content: { [JSON_TYPE]: { schema: action } } },
          responses: {
            202: answer('the journal has it', object({ accepted: text })),
            ...refused(400, 'a field is wrong'),
            ...refused(404, 'nobody of that id is watched'),
            ...refused(503, 'the journal does not take it: try again'),
            ...guarded('act'),
            ...TOO_OFTEN,
          },
        },
      },
      '/api/replay': {
        post: {
          summary: 'of a recording on the page (`vigil replay --page`): go to a moment, play, pause, change the speed',
          requestBody: { required: true, content: { [JSON_TYPE]: { schema: steering } } },
          responses: {
            202: answer(
              "it is being done; of a moment, `sought` is the count from which on the page's stream speaks of it",
              object({ accepted: text, sought: { type: 'integer', minimum: 1 } }, { required: ['accepted'] }),
            ),
            ...refused(400, 'a field is wrong'),
            ...guarded('act'),
            ...TOO_OFTEN,
          },
        },
      },
      '/api/session': {
        ...get('who asks, and what they may', undefined, { 200: answer('who', session), ...TOO_OFTEN }),
        post: {
          summary: 'sign a page in: a token for a cookie',
          security: [],
          requestBody: { required: true, content: { [JSON_TYPE]: { schema: object({ token: text }) } } },
          responses: { 204: answer('a cookie is set'), ...refused(401, 'no such token'), ...TOO_OFTEN },
        },
        delete: { summary: 'sign out', security: [], responses: { 204: answer('signed out'), ...TOO_OFTEN } },
      },
      ...fhir('DetectedIssue', ['patient.identifier', 'code', 'identifier', 'status']),
      ...fhir('Observation', ['patient.identifier', 'code', 'status']),
      ...fhir('Device', []),
      '/metrics': get('metrics for Prometheus', 'metrics', {
        200: answer('metrics', text, 'text/plain'),
        ...TOO_OFTEN,
      }),
      ...Object.fromEntries(
        ['/healthz', '/readyz'].map((path) => [
          path,
          get(path === '/healthz' ? 'alive' : 'ready', undefined, {
            200: answer('yes', object({ ok: flag, checks })),
            503: answer('no, and why', object({ ok: flag, checks })),
          }),
        ]),
      ),
    },
  }
}
