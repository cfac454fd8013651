import protobuf from 'protobufjs/minimal.js'
import { VigilError } from '../errors.ts'

const { Reader } = protobuf
type Bytes = InstanceType<typeof Reader>

const FLOAT = 1

/** What of a model's file is read back: enough to know what it is, and to train it further. */
export interface ReadOnnx {
  /** metadata_props */
  readonly metadata: Readonly<Record<string, string>>
  /** float32 constants by name */
  readonly tensors: ReadonlyMap<string, Float32Array>
}

/**
 * Metadata and float constants of an .onnx file (ModelProto), as `proto.ts` writes them.
 * @throws VigilError model-corrupt when the bytes are no such message
 */
export function readOnnx(bytes: Uint8Array): ReadOnnx {
  const metadata: Record<string, string> = {}
  const tensors = new Map<string, Float32Array>()
  try {
    each(Reader.create(bytes), (field, model) => {
      if (field === 14) {
        const words = texts(model)
        metadata[words.get(1) ?? ''] = words.get(2) ?? ''
      } else if (field === 7) {
        inner(model, (part, graph) => {
          if (part !== 5) return false
          const { name, data } = tensor(graph)
          if (data !== undefined) tensors.set(name, data)
          return true
        })
      } else return false
      return true
    })
  } catch (cause) {
    throw new VigilError('model-corrupt', 'the graph is no ONNX model', { cause })
  }
  return { metadata, tensors }
}

/** Every field of a message; what `take` does not read is passed over. */
function each(reader: Bytes, take: (field: number, reader: Bytes) => boolean): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (!take(tag >>> 3, reader)) reader.skipType(tag & 7)
  }
}

/** The message that begins here, its length before it. */
function inner(reader: Bytes, take: (field: number, reader: Bytes) => boolean): void {
  each(Reader.create(reader.bytes()), take)
}

function texts(reader: Bytes): Map<number, string> {
  const words = new Map<number, string>()
  inner(reader, (field, it) => {
    words.set(field, it.string())
    return true
  })
  return words
}

/** TensorProto: name 8, data_type 2, raw_data 9, little-endian as every platform Node runs on. */
function tensor(reader: Bytes): { name: string; data: Float32Array | undefined } {
  let [name, type] = ['', 0]
  let raw = new Uint8Array(0)
  inner(reader, (field, it) => {
    if (field === 8) name = it.string()
    else if (field === 2) type = it.int32()
    else if (field === 9) raw = Uint8Array.from(it.bytes())
    else return false
    return true
  })
  return { name, data: type === FLOAT ? new Float32Array(raw.buffer, 0, raw.length >> 2) : undefined }
}
