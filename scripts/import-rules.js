/**
 * Which way imports run. Every file of `src/` lives in the first room whose pattern it matches, and may import only the
 * rooms and the packages its room lists: what is not listed is forbidden. "One vendor, one place" is the package lists.
 *
 * @typedef {object} Room
 * @property {string} name
 * @property {RegExp} files paths relative to the root
 * @property {string[]} rooms what it may import beside itself; `*` is every room but `page`
 * @property {string[]} packages npm packages, `@scope/*` for a whole scope
 * @property {boolean} node whether it may import `node:` modules
 */

const LANGUAGE = ['vitals', 'errors']
const ADAPTER = [...LANGUAGE, 'pure', 'ports', 'log']

/** @type {Room[]} */
export const ROOMS = [
  { name: 'vitals', files: /^src\/vitals\//, rooms: [], packages: ['zod'], node: false },
  { name: 'errors', files: /^src\/errors\.ts$/, rooms: [], packages: [], node: false },
  { name: 'ports', files: /^src\/stream\/ports\.ts$/, rooms: ['vitals'], packages: ['rxjs'], node: false },
  { name: 'log', files: /^src\/log\.ts$/, rooms: LANGUAGE, packages: ['pino'], node: true },
  { name: 'config', files: /^src\/config\.ts$/, rooms: LANGUAGE, packages: ['yaml', 'zod'], node: true },

  { name: 'sinks', files: /^src\/alerts\/sinks/, rooms: ADAPTER, packages: ['rxjs'], node: true },
  {
    name: 'pure',
    files:
      /^src\/(scoring\/|alerts\/|ingest\/decode|inference\/features\.ts$|stream\/(grid|clock|rows)[^/]*\.ts$)/,
    rooms: LANGUAGE,
    packages: [],
    node: false,
  },
  { name: 'stream', files: /^src\/stream\//, rooms: [...LANGUAGE, 'pure', 'ports'], packages: ['rxjs'], node: true },

  { name: 'ingest', files: /^src\/ingest\//, rooms: ADAPTER, packages: ['csv-parse', 'rxjs', 'yaml', 'zod'], node: true },
  { name: 'inference', files: /^src\/inference\//, rooms: ADAPTER, packages: ['onnxruntime-node'], node: true },
  { name: 'metrics', files: /^src\/metrics\//, rooms: ADAPTER, packages: ['@fastify/static', 'fastify', 'prom-client', 'rxjs'], node: true },
  { name: 'page', files: /^src\/dashboard\/web\/(?!vite\.config\.ts$)/, rooms: ['vitals', 'dashboard'], packages: ['preact', '@preact/signals', 'uplot'], node: false },
  { name: 'page build', files: /^src\/dashboard\/web\/vite\.config\.ts$/, rooms: [], packages: ['vite', '@preact/preset-vite'], node: true },
  { name: 'dashboard', files: /^src\/dashboard\//, rooms: ADAPTER, packages: ['rxjs'], node: true },

  {
    name: 'training',
    files: /^src\/training\//,
    rooms: [...ADAPTER, 'stream', 'ingest', 'inference'],
    packages: ['@tensorflow/*', 'protobufjs', 'rxjs', 'zod'],
    node: true,
  },
  {
    name: 'evaluation',
    files: /^src\/evaluation\//,
    rooms: [...ADAPTER, 'stream', 'ingest', 'inference', 'training'],
    packages: ['rxjs', 'zod'],
    node: true,
  },
  { name: 'cli', files: /^src\/(cli[^/]*\.ts$|commands\/)/, rooms: ['*'], packages: ['commander', 'rxjs'], node: true },
  { name: 'app', files: /^src\/(app[^/]*\.ts$|app\/)/, rooms: ['*'], packages: ['rxjs'], node: true },
] // biome-ignore format: one room, one line where it fits
