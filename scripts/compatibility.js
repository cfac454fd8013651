// What breaks whoever speaks to Vigil: the contracts of the last release against today's. Pure.

/** @typedef {Readonly<Record<string, any>>} Schema JSON Schema 2020-12, as zod writes it: without `$ref` */
/** @typedef {'read' | 'written' | 'both'} Direction whether Vigil reads such documents, writes them, or did and still reads them */

/**
 * Which way each contract goes. What Vigil reads must not be asked more of; what it writes must not say less, or something else.
 * @type {Readonly<Record<string, Direction>>}
 */
export const DIRECTIONS = {
  'acknowledgement.schema.json': 'read',
  'alert-body.schema.json': 'written',
  'alert-envelope.schema.json': 'written',
  'channel.schema.json': 'read',
  'classifier-manifest.schema.json': 'read',
  'dead-letter.schema.json': 'written',
  'encounter.schema.json': 'read',
  'episodes.schema.json': 'read',
  'evidence-head.schema.json': 'written',
  'frame.schema.json': 'written',
  'gate-verdict.schema.json': 'written',
  'golden-steps.schema.json': 'read',
  'ground-truth.schema.json': 'written',
  'heartbeat.schema.json': 'written',
  'journal-entry.schema.json': 'both',
  'model-manifest.schema.json': 'read',
  'model-order.schema.json': 'read',
  'reading.schema.json': 'read',
  'reconstructor-manifest.schema.json': 'read',
  'settings.schema.json': 'read',
}

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems']
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems']
/** @param {unknown} of @returns {string} */
const text = (of) => JSON.stringify(of)
/** @param {Schema} schema @returns {readonly any[] | undefined} the values it is limited to */
const values = ({ enum: several, const: one }) => several ?? (one === undefined ? undefined : [one])
/** @param {Schema} schema @returns {readonly string[]} */
const types = ({ type }) => (type === undefined ? [] : [type].flat())

/**
 * Why something that fits `from` may not fit `to`: `PLACE: what`, nothing where everything fits.
 * @param {Schema} from
 * @param {Schema} to
 * @param {string} at
 * @param {boolean} unknown whether a key that `to` does not know counts: a reader passes over it, Vigil does not
 * @returns {string[]}
 */
export function misfits(from, to, at, unknown) {
  const branches = from['oneOf'] ?? from['anyOf']
  if (branches)
    return branches.flatMap((/** @type {Schema} */ branch) =>
      misfits(branch, to, `${at}${branchName(branch)}`, unknown),
    )
  const taken = to['oneOf'] ?? to['anyOf']
  if (taken) {
    const tries = taken.map((/** @type {Schema} */ branch) => misfits(from, branch, at, unknown))
    return tries.reduce((/** @type {string[]} */ a, /** @type {string[]} */ b) => (b.length < a.length ? b : a))
  }
  return [...ofValue(from, to, at), ...ofObject(from, to, at, unknown), ...ofList(from, to, at, unknown)]
}

/** @param {Schema} branch @returns {string} the words that tell it from the others, where there are some */
function branchName({ properties = {} }) {
  const known = Object.entries(properties).filter(([, it]) => it.const !== undefined)
  return known.length === 0 ? '' : `(${known.map(([key, it]) => `${key}=${it.const}`).join(',')})`
}

/** @param {Schema} from @param {Schema} to @param {string} at @returns {string[]} */
function ofValue(from, to, at) {
  const found = []
  const given = types(from).filter((it) => !(it === 'integer' && types(to).includes('number')))
  const other = types(to).length === 0 ? [] : given.filter((it) => !types(to).includes(it))
  if (other.length > 0) found.push(`${at}: type ${text(from['type'])} for ${text(to['type'])}`)
  const allowed = values(to)
  if (allowed) {
    const own = values(from)
    const strange = own?.filter((it) => !allowed.includes(it))
    if (own === undefined) found.push(`${at}: any value for one of ${text(allowed)}`)
    else if (strange && strange.length > 0)
      found.push(`${at}: ${strange.map(text).join(', ')} for one of ${text(allowed)}`)
  }
  for (const [names, beyond] of /** @type {const} */ ([
    [LOWER, (/** @type {number} */ a, /** @type {number} */ b) => a < b],
    [UPPER, (/** @type {number} */ a, /** @type {number} */ b) => a > b],
  ]))
    for (const name of names)
      if (
        to[name] !== undefined &&
        values(from) === undefined &&
        (from[name] === undefined || beyond(from[name], to[name]))
      )
        found.push(`${at}: ${name} ${from[name] ?? 'none'} for ${to[name]}`)
  for (const name of ['pattern', 'format'])
    if (to[name] !== undefined && to[name] !== from[name] && values(from) === undefined)
      found.push(`${at}: ${name} ${from[name] ?? 'none'} for ${to[name]}`)
  return found
}

/** @param {Schema} from @param {Schema} to @param {string} at @param {boolean} unknown @returns {string[]} */
function ofObject(from, to, at, unknown) {
  const [own, other] = [from['properties'] ?? {}, to['properties'] ?? {}]
  const found = (to['required'] ?? [])
    .filter((/** @type {string} */ key) => !(from['required'] ?? []).includes(key))
    .map((/** @type {string} */ key) => `${at}/${key}: may be absent where it is required`)
  for (const [key, schema] of Object.entries(own)) {
    const place = `${at}/${key}`
    if (other[key]) found.push(...misfits(schema, other[key], place, unknown))
    else if (typeof to['additionalProperties'] === 'object')
      found.push(...misfits(schema, to['additionalProperties'], place, unknown))
    else if (unknown && to['additionalProperties'] === false) found.push(`${place}: is not known`)
  }
  for (const part of ['additionalProperties', 'propertyNames'])
    if (typeof from[part] === 'object' && typeof to[part] === 'object')
      found.push(...misfits(from[part], to[part], `${at}/${part === 'propertyNames' ? '(key)' : '*'}`, unknown))
  return found
}

/** @param {Schema} from @param {Schema} to @param {string} at @param {boolean} unknown @returns {string[]} */
function ofList(from, to, at, unknown) {
  const found = from['items'] && to['items'] ? misfits(from['items'], to['items'], `${at}[]`, unknown) : []
  for (const [i, schema] of (from['prefixItems'] ?? []).entries())
    if (to['prefixItems']?.[i]) found.push(...misfits(schema, to['prefixItems'][i], `${at}[${i}]`, unknown))
  return found
}

/**
 * Keys that a written document could have and can have no more.
 * @param {Schema} before @param {Schema} after @param {string} at @returns {string[]}
 */
function lost(before, after, at) {
  const branches = before['oneOf'] ?? before['anyOf']
  if (branches) {
    const others = after['oneOf'] ?? after['anyOf'] ?? [after]
    return branches.flatMap((/** @type {Schema} */ branch) => {
      const place = `${at}${branchName(branch)}`
      const same = others.find((/** @type {Schema} */ it) => branchName(it) === branchName(branch))
      return same ? lost(branch, same, place) : [`${place}: is never said`]
    })
  }
  const [own, other] = [before['properties'] ?? {}, after['properties'] ?? {}]
  const found = Object.keys(own).flatMap((key) =>
    other[key] ? lost(own[key], other[key], `${at}/${key}`) : [`${at}/${key}: is gone`],
  )
  return before['items'] && after['items'] ? [...found, ...lost(before['items'], after['items'], `${at}[]`)] : found
}

/**
 * What a change of a contract breaks, one sentence a place.
 * @param {Schema} before @param {Schema} after @param {Direction} direction @param {string} at
 * @returns {string[]}
 */
export function breaking(before, after, direction, at) {
  const asked = direction === 'written' ? [] : misfits(before, after, at, true).map((it) => `asks more, ${it}`)
  const said =
    direction === 'read'
      ? []
      : [
          ...misfits(after, before, at, false).map((it) => `says other, ${it}`),
          ...lost(before, after, at).map((it) => `says less, ${it}`),
        ]
  return [...new Set([...asked, ...said])]
}

/** @param {any} body of a request or an answer @returns {[string, Schema][]} media type and schema */
const contents = (body) => Object.entries(body?.content ?? {}).map(([type, it]) => [type, it.schema])

/**
 * The same of the OpenAPI document: routes, parameters, what is sent and what is answered.
 * @param {any} before @param {any} after @returns {string[]}
 */
export function breakingHttp(before, after) {
  return Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, was]) => {
      const at = `${method.toUpperCase()} ${path}`
      const is = after.paths[path]?.[method]
      if (!is) return [`says less, ${at}: is gone`]
      const found = was.security?.length === 0 && is.security?.length !== 0 ? [`asks more, ${at}: a token`] : []
      const known = new Map((is.parameters ?? []).map((/** @type {any} */ it) => [it.name, it]))
      for (const { name, schema } of was.parameters ?? []) {
        const now = known.get(name)
        if (!now) found.push(`asks more, ${at}?${name}: is not known`)
        else found.push(...breaking(schema, now.schema, 'read', `${at}?${name}`))
        known.delete(name)
      }
      for (const { name, required } of known.values())
        if (required) found.push(`asks more, ${at}?${name}: may be absent where it is required`)
      for (const [type, schema] of contents(was.requestBody)) {
        const now = contents(is.requestBody).find(([other]) => other === type)
        found.push(...(now ? breaking(schema, now[1], 'read', at) : [`asks more, ${at}: ${type} is not taken`]))
      }
      for (const [status, answer] of Object.entries(was.responses))
        for (const [type, schema] of contents(answer)) {
          const now = contents(is.responses[status]).find(([other]) => other === type)
          found.push(
            ...(now
              ? breaking(schema, now[1], 'written', `${at} ${status}`)
              : [`says less, ${at} ${status}: ${type} is gone`]),
          )
        }
      return found
    }),
  )
}

/**
 * The same of the AsyncAPI document: which topics there are, which way they go, and which contract their values keep.
 * @param {any} before @param {any} after @returns {string[]}
 */
export function breakingTopics(before, after) {
  return Object.entries(before.channels).flatMap(([name, was]) => {
    const is = after.channels[name]
    if (!is) return [`says less, topic ${name}: is gone`]
    const found = []
    if (is.address !== was.address) found.push(`says other, topic ${name}: ${is.address} for ${was.address}`)
    const contract = (/** @type {any} */ channel) => channel.messages.message.payload?.schema.$ref
    if (contract(is) !== contract(was)) found.push(`says other, topic ${name}: ${contract(is)} for ${contract(was)}`)
    const [action, now] = [before.operations[name].action, after.operations[name]?.action]
    return action === now ? found : [...found, `says other, topic ${name}: ${now} for ${action}`]
  })
}

/**
 * Every break between two sets of contracts.
 * @param {Readonly<Record<string, any>>} before file name -> document
 * @param {Readonly<Record<string, any>>} after
 * @returns {string[]}
 */
export function breaks(before, after) {
  return Object.entries(before).flatMap(([file, was]) => {
    const is = after[file]
    if (!is) return [`says less, ${file}: is gone`]
    if (file === 'openapi.json') return breakingHttp(was, is)
    if (file === 'asyncapi.json') return breakingTopics(was, is)
    return breaking(was, is, DIRECTIONS[file] ?? 'both', file.replace('.schema.json', ''))
  })
}
