import { describe, expect, it } from 'vitest'
import { listModels, openAnyModel } from '../../src/inference/model-store.ts'
import { relabel } from '../../src/onnx/proto.ts'
import { readOnnx } from '../../src/onnx/read.ts'
import type { GraphForm } from '../../src/training/onnx/graph.ts'
import { graphWeights } from '../../src/training/onnx/weights.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { graphBytes } from '../inference/test-model.ts'
import { smallWeights } from '../training/small-network.ts'

const SHAPE = { features: 8, hidden: 5, layers: 2, channels: 2, horizons: 3 }

describe('a graph read back', () => {
  it.each<GraphForm>(['lstm-operator', 'plain-products'])('gives its weights bit for bit: %s', (form) => {
    const weights = smallWeights(SHAPE, 3)
    expect(graphWeights(SHAPE, form, readOnnx(graphBytes(SHAPE, weights, form)))).toEqual(weights)
  })

  it('of another size is refused by the constant that does not fit', () => {
    const read = readOnnx(graphBytes(SHAPE, smallWeights(SHAPE, 3)))
    expect(() => graphWeights({ ...SHAPE, hidden: 6 }, 'lstm-operator', read)).toThrow('no constant W0 of 192 numbers')
  })

  it('that was cut is no model', () => {
    const bytes = graphBytes(SHAPE, smallWeights(SHAPE, 3))
    expect(() => readOnnx(bytes.subarray(0, bytes.length - 3))).toThrow('no ONNX model')
  })
})

describe('the metadata of a graph', () => {
  it('is given other values; every byte beside stays', async () => {
    const { onnx } = await openAnyModel('models', 'bedside@1.0.0')
    const other = relabel(onnx, { version: '9.9.9', 'no such key': 'left out' })
    expect(readOnnx(other)).toEqual({ ...readOnnx(onnx), metadata: { ...readOnnx(onnx).metadata, version: '9.9.9' } })
    expect(Buffer.compare(relabel(other, { version: '1.0.0' }), onnx)).toBe(0)
    expect(() => relabel(onnx.subarray(0, onnx.length - 3), { version: '2' })).toThrow(RangeError)
  })
})

describe('the metadata in a shipped graph', () => {
  const { channels, index } = channelTable()

  it('is that of its manifest', async () => {
    const shipped = await listModels('models')
    expect(shipped.length).toBeGreaterThan(2)
    for (const { name, version } of shipped) {
      const { manifest, onnx } = await openAnyModel('models', `${name}@${version}`)
      const { metadata } = readOnnx(onnx)
      expect(metadata).toMatchObject({
        name,
        version,
        channels: manifest.channels.join(','),
        data: manifest.training.data,
      })
      if ('task' in manifest) continue
      expect(JSON.parse(metadata['normaliser']!)).toEqual(manifest.normaliser)
      expect(metadata).toMatchObject({
        form: manifest.graph.form,
        units: manifest.channels.map((it) => channels[index.get(it)!]!.unit).join(','),
        horizons: manifest.horizons.join(','),
        cadence_seconds: String(manifest.grid.cadenceSeconds),
        max_age_seconds: String(manifest.features.maxAgeSeconds),
        trend_seconds: String(manifest.features.trendSeconds),
      })
    }
  })
})
