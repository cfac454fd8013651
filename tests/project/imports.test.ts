import { describe, expect, test } from 'vitest'
import { cycles, importsOf, sourceGraph, wrongWays } from '../../scripts/check-imports.js'

/** what the check says of a file that imports this */
const judge = (file: string, ...imports: string[]) => wrongWays(new Map([[file, imports]]))

describe('imports are read from the syntax tree', () => {
  test('imports, re-exports, dynamic and type imports are found; look-alikes in strings and comments are not', () => {
    const text = `
      import type { A } from './a.ts'
      import b, { type C } from 'zod'
      import './effect.ts'
      export { d } from './d.ts'
      export * from './e.ts'
      type F = import('./f.ts').F
      const g = await import('pino')
      const text = "import x from 'not-this'" // import y from 'nor-this'
      export const h = 1`
    expect(importsOf('x.ts', text)).toEqual(['./a.ts', 'zod', './effect.ts', './d.ts', './e.ts', './f.ts', 'pino'])
  })

  test('a page component in TSX is read; a file that does not parse is an error', () => {
    expect(importsOf('x.tsx', "import { h } from 'preact'\nexport const A = () => <b>{h}</b>")).toEqual(['preact'])
    expect(() => importsOf('x.ts', 'import { from')).toThrow('x.ts')
  })
})

describe('imports run one way', () => {
  test('src/ has no wrong way and no cycle', () => {
    const graph = sourceGraph()
    expect(graph.size).toBeGreaterThan(20)
    expect(wrongWays(graph)).toEqual([])
    expect(cycles(graph)).toEqual([])
  })

  test.each([
    ['src/vitals/frame.ts', '../errors.ts', 'vitals does not import errors'],
    ['src/vitals/frame.ts', 'rxjs', 'vitals does not import the package rxjs'],
    ['src/vitals/frame.ts', 'node:fs', 'vitals does not import node:fs'],
    ['src/scoring/surprise.ts', 'node:fs', 'pure does not import node:fs'],
    ['src/scoring/surprise.ts', '../stream/pipeline.ts', 'pure does not import stream'],
    ['src/alerts/lifecycle.ts', './sinks/terminal.ts', 'pure does not import sinks'],
    ['src/ingest/decode-json.ts', './recording.ts', 'pure does not import ingest'],
    ['src/stream/pipeline.ts', '../inference/engine.ts', 'stream does not import inference'],
    ['src/ingest/recording.ts', '../metrics/table.ts', 'ingest does not import metrics'],
    ['src/inference/engine.ts', '../stream/pipeline.ts', 'inference does not import stream'],
    ['src/dashboard/feed.ts', '../ingest/recording.ts', 'dashboard does not import ingest'],
    ['src/dashboard/web/main.tsx', 'node:fs', 'page does not import node:fs'],
    ['src/training/train.ts', 'onnxruntime-node', 'training does not import the package onnxruntime-node'],
    ['src/inference/engine.ts', '@tensorflow/tfjs-core', 'inference does not import the package @tensorflow/tfjs-core'],
    ['src/training/train.ts', '../app.ts', 'training does not import app'],
    ['src/app.ts', 'commander', 'app does not import the package commander'],
    ['src/app.ts', './dashboard/web/main.tsx', 'app does not import page'],
    ['src/app.ts', '../scripts/setup.js', 'outside src/'],
    ['src/elsewhere/thing.ts', 'zod', 'belongs to no room'],
  ])('%s may not import %s', (file, specifier, reason) => {
    expect(judge(file, specifier)).toEqual([expect.stringContaining(reason)])
  })

  test.each([
    ['src/vitals/frame.ts', 'zod'],
    ['src/alerts/sinks/ndjson.ts', '../../stream/ports.ts'],
    ['src/inference/engine.ts', 'onnxruntime-node'],
    ['src/training/train.ts', '@tensorflow/tfjs-backend-wasm/dist/backend.js'],
    ['src/training/train.ts', '../inference/features.ts'],
    ['src/http/listener.ts', '@fastify/static'],
    ['src/commands/replay.ts', '../stream/pipeline.ts'],
    ['src/app.ts', 'node:path'],
  ])('%s may import %s', (file, specifier) => {
    expect(judge(file, specifier)).toEqual([])
  })

  test('a cycle is named with the files on its way; a diamond is none', () => {
    const way = new Map([
      ['src/stream/a.ts', ['./b.ts']],
      ['src/stream/b.ts', ['./c.ts', 'rxjs']],
      ['src/stream/c.ts', ['./a.ts']],
    ])
    expect(cycles(way)).toEqual([['src/stream/a.ts', 'src/stream/b.ts', 'src/stream/c.ts', 'src/stream/a.ts']])
    const diamond = new Map([
      ['src/a.ts', ['./b.ts', './c.ts']],
      ['src/b.ts', ['./d.ts']],
      ['src/c.ts', ['./d.ts']],
    ])
    expect(cycles(diamond)).toEqual([])
  })
})
