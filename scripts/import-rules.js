/**
 * Which way imports run. Every file of `src/` lives in the first room whose pattern it matches, and may import only the
 * rooms and the packages its room lists: what is not listed is forbidden. "One vendor, one place" is the package lists.
 *
 * @typedef {object} Room
 * @property {string} name
 * @property {RegExp} files paths relative to the root
 * @property {string[]} rooms what it may import beside itself; `*` is every room but `page`
 * @property {string[]} packages npm packages, `@scope/*` for a whole scope
 * @property {string[] | 'any'} node the `node:` modules it may import
 */

/** what everyone may speak */
const LANGUAGE = ['vitals', 'errors']
/** adapters speak to the pipeline through its ports, and never to each other */
const ADAPTER = [...LANGUAGE, 'pure', 'ports', 'log', 'built file']

/** @type {Room[]} */
export const ROOMS = [
  { name: 'vitals', files: /^src\/vitals\//, rooms: [], packages: ['zod'], node: [] },
  { name: 'errors', files: /^src\/errors\.ts$/, rooms: [], packages: [], node: [] },
  // The ports name the type of an HTTP response for the listener that serves the page.
  { name: 'ports', files: /^src\/stream\/ports\.ts$/, rooms: ['vitals'], packages: ['rxjs'], node: ['http'] },
  { name: 'log', files: /^src\/log\.ts$/, rooms: LANGUAGE, packages: ['pino'], node: 'any' },
  { name: 'version', files: /^src\/version\.ts$/, rooms: [], packages: [], node: ['fs'] },
  // Where downloads are kept: what a broker and a training engine share, and nobody else needs.
  { name: 'cache', files: /^src\/cache-folder\.ts$/, rooms: [], packages: [], node: 'any' },
  // What a thread or a process of ours is started with.
  { name: 'built file', files: /^src\/built-file\.ts$/, rooms: ['errors'], packages: [], node: ['fs', 'url'] },
  { name: 'closing', files: /^src\/closing\.ts$/, rooms: [], packages: [], node: [] },
  { name: 'config', files: /^src\/config\.ts$/, rooms: LANGUAGE, packages: ['yaml', 'zod'], node: 'any' },

  { name: 'sinks', files: /^src\/alerts\/sinks/, rooms: ADAPTER, packages: ['rxjs'], node: 'any' },
  // Pure leaves: a hash is the one thing of Node they may use, since it depends on nothing but its input.
  {
    name: 'pure',
    files:
      /^src\/((random|svg)\.ts$|scoring\/|alerts\/|ingest\/(decode|event-time|json-error|aliases|wfdb-(header|signals))|inference\/(features\.ts$|hourly\/)|evaluation\/metrics\/|stream\/(grid|clock|rows)[^/]*\.ts$)/,
    rooms: LANGUAGE,
    packages: ['zod'],
    node: ['crypto'],
  },
  { name: 'stream', files: /^src\/stream\//, rooms: [...LANGUAGE, 'pure', 'ports'], packages: ['rxjs'], node: 'any' },

  // A limit of time on decoders of others, wherever damaged bytes are unpacked.
  { name: 'patience', files: /^src\/ingest\/patience\.ts$/, rooms: [], packages: [], node: ['vm'] },
  {
    name: 'ingest',
    files: /^src\/ingest\//,
    rooms: [...ADAPTER, 'hl7 messages', 'patience'],
    packages: ['csv-parse', 'fzstd', 'hyparquet', 'hyparquet-writer', 'rxjs', 'yaml', 'zod'],
    node: 'any',
  },
  { name: 'kafka port', files: /^src\/kafka\/port\.ts$/, rooms: LANGUAGE, packages: [], node: [] },
  // What stands in a record, both ways: pure, and without a client.
  {
    name: 'kafka records',
    files: /^src\/kafka\/(record-[^/]*|[^/]*-record|cloud-event|dead-letter|header|json-value|murmur2)\.ts$/,
    rooms: [...LANGUAGE, 'pure', 'kafka port'],
    packages: ['zod'],
    node: [],
  },
  // Every line that knows the client library; what the rest of Vigil needs of it is `src/kafka/port.ts`.
  {
    name: 'kafka client',
    files: /^src\/kafka\/kafkajs\//,
    rooms: [...ADAPTER, 'kafka', 'kafka port', 'kafka records', 'patience'],
    packages: ['kafkajs', 'snappy', 'lz4-napi', 'fzstd'],
    node: 'any',
  },
  {
    name: 'kafka',
    files: /^src\/kafka\//,
    rooms: [...ADAPTER, 'stream', 'kafka port', 'kafka records'],
    packages: ['rxjs', 'zod'],
    node: 'any',
  },
  // A broker for tests, benches and people: never part of the service.
  {
    name: 'broker',
    files: /^src\/broker\//,
    rooms: [...ADAPTER, 'cache'],
    packages: ['@testcontainers/*', 'testcontainers'],
    node: 'any',
  },
  // What a message of HL7 v2 says: pure, from bytes to readings and back to an acknowledgement.
  {
    name: 'hl7 messages',
    files:
      /^src\/hl7\/(message|time|header|refusal|observation|oru|adt|identity|pseudonym|memo|plain-number|read|capture|r40|acknowledgement)\.ts$/,
    rooms: [...LANGUAGE, 'pure'],
    packages: [],
    node: ['crypto'],
  },
  {
    name: 'hl7',
    files: /^src\/hl7\//,
    rooms: [...ADAPTER, 'hl7 messages', 'kafka', 'kafka port', 'kafka records'],
    packages: [],
    node: 'any',
  },
  // Who a pseudonym is, sealed: written at the edge, read for receivers that ask. Nothing else may import it.
  { name: 'vault', files: /^src\/vault\//, rooms: LANGUAGE, packages: ['zod'], node: ['crypto', 'fs', 'os'] },
  {
    name: 'delivery',
    files: /^src\/delivery\//,
    rooms: [...ADAPTER, 'hl7', 'hl7 messages', 'kafka', 'kafka port', 'kafka records'],
    packages: [],
    node: 'any',
  },
  // The file format of a graph, both ways: pure.
  { name: 'onnx', files: /^src\/onnx\//, rooms: LANGUAGE, packages: ['protobufjs'], node: [] },
  {
    name: 'inference',
    files: /^src\/inference\//,
    rooms: [...ADAPTER, 'built file', 'onnx'],
    packages: ['onnxruntime-node', 'zod'],
    node: 'any',
  },
  {
    name: 'metrics',
    files: /^src\/metrics\//,
    rooms: ADAPTER,
    packages: ['prom-client', 'rxjs'],
    node: 'any',
  },
  {
    name: 'http',
    files: /^src\/http\//,
    rooms: ADAPTER,
    packages: ['@fastify/cookie', '@fastify/rate-limit', '@fastify/static', 'fastify', 'yaml', 'zod'],
    node: 'any',
  },
  {
    name: 'page',
    files: /^src\/dashboard\/web\/(?!vite\.config\.ts$)/,
    rooms: ['vitals', 'dashboard'],
    packages: ['preact', 'uplot'],
    node: [],
  },
  {
    name: 'page build',
    files: /^src\/dashboard\/web\/vite\.config\.ts$/,
    rooms: [],
    packages: ['vite', '@preact/preset-vite'],
    node: 'any',
  },
  { name: 'fhir', files: /^src\/fhir\//, rooms: ADAPTER, packages: [], node: [] },
  { name: 'dashboard', files: /^src\/dashboard\//, rooms: ADAPTER, packages: ['rxjs'], node: 'any' },

  // What a person reads of a comparison: HTML and SVG out of numbers.
  { name: 'report', files: /^src\/report\//, rooms: [], packages: [], node: [] },
  {
    name: 'training',
    files: /^src\/training\//,
    rooms: [...ADAPTER, 'built file', 'cache', 'version', 'stream', 'ingest', 'inference', 'onnx'],
    packages: ['@tensorflow/*', 'rxjs', 'zod'],
    node: 'any',
  },
  {
    name: 'evaluation',
    files: /^src\/evaluation\//,
    rooms: [...ADAPTER, 'built file', 'stream', 'ingest', 'inference', 'onnx', 'training', 'report', 'version'],
    packages: ['rxjs', 'zod'],
    node: 'any',
  },
  // A model's next version: trained from a window, judged against the champion, registered.
  {
    name: 'retrain',
    files: /^src\/retrain\//,
    rooms: [...ADAPTER, 'version', 'stream', 'ingest', 'inference', 'onnx', 'training', 'evaluation'],
    packages: ['zod'],
    node: 'any',
  },
  {
    name: 'cli',
    files: /^src\/(cli[^/]*\.ts$|commands\/)/,
    rooms: ['*'],
    packages: ['commander', 'rxjs'],
    node: 'any',
  },
  // Benchmarks measure whole parts of the house beside their bare anchors.
  { name: 'bench', files: /^src\/bench\//, rooms: ['*'], packages: ['rxjs', 'zod'], node: 'any' },
  // Processes of the whole service, disturbed, and what they say held against an undisturbed one.
  { name: 'chaos', files: /^src\/chaos\//, rooms: ['*'], packages: ['zod'], node: 'any' },
  // What others import: small, and kept as it is.
  { name: 'library', files: /^src\/library(\.ts$|\/)/, rooms: ['*'], packages: ['rxjs', 'zod'], node: [] },
  { name: 'app', files: /^src\/(app[^/]*\.ts$|app\/)/, rooms: ['*'], packages: ['rxjs'], node: 'any' },
]
