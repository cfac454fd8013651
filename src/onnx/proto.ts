import protobuf from 'protobufjs/minimal.js'

const { Reader, Writer } = protobuf
type Bytes = InstanceType<typeof Writer>

// Field numbers and enumerations: onnx/onnx.proto, IR version 8.
const ELEMENTS = { float32: 1, int64: 7 } as const
const ATTRIBUTE_INT = 2
const ATTRIBUTE_INTS = 7

/** A constant of the graph: float32, or int64 (axes, split sizes). */
export interface Initialiser {
  readonly name: string
  readonly dims: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export interface GraphNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** integer attributes; arrays become INTS */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>
}

/** An input or output, float32 unless it says otherwise; a string is a dynamic dimension of that name. */
export interface Port {
  readonly name: string
  readonly dims: readonly (number | string)[]
  readonly type?: keyof typeof ELEMENTS
}

export interface OnnxModel {
  readonly name: string
  readonly producer: string
  readonly opset: number
  readonly nodes: readonly GraphNode[]
  readonly initialisers: readonly Initialiser[]
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly metadata: Readonly<Record<string, string>>
}

/** IR version 8 is the one of opset 15 to 18 (onnx/docs/Versioning.md). */
const IR_VERSION = 8

/** The model as the bytes of an .onnx file (ModelProto). */
export function encodeModel(model: OnnxModel): Uint8Array {
  const out = Writer.create()
  out.uint32(tag(1, 0)).int64(IR_VERSION)
  text(out, 2, model.producer)
  message(out, 7, (graph) => encodeGraph(graph, model))
  message(out, 8, (opset) => {
    text(opset, 1, '')
    opset.uint32(tag(2, 0)).int64(model.opset)
  })
  for (const [key, value] of Object.entries(model.metadata)) {
    message(out, 14, (entry) => {
      text(entry, 1, key)
      text(entry, 2, value)
    })
  }
  return out.finish()
}

/** What is put around a graph: nodes before and after its own, and the inputs and outputs that the whole has then. */
export interface Surrounding {
  readonly before: readonly GraphNode[]
  readonly after: readonly GraphNode[]
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
}

/**
 * A model's file with nodes before and after its graph: what was an input is made by a node before it, what was an output
 * is read by a node after it. Its own nodes and constants stay as they are, byte for byte.
 * @param onnx a ModelProto, by whomever
 * @throws RangeError when the bytes are no such message
 */
export function surround(onnx: Uint8Array, around: Surrounding): Uint8Array {
  const out = Writer.create()
  eachField(onnx, (field, whole, inner) => {
    if (field !== 7) {
      out.raw(whole)
      return
    }
    message(out, 7, (graph) => {
      around.before.forEach((it, i) => {
        encodeNode(graph, it, `before_${i}_${it.op}`)
      })
      eachField(inner, (part, bytes) => {
        if (part !== 11 && part !== 12) graph.raw(bytes)
      })
      around.after.forEach((it, i) => {
        encodeNode(graph, it, `after_${i}_${it.op}`)
      })
      for (const port of around.inputs) message(graph, 11, (w) => encodePort(w, port))
      for (const port of around.outputs) message(graph, 12, (w) => encodePort(w, port))
    })
  })
  return out.finish()
}

/**
 * A model's file with other values in its metadata, for keys that it has; everything else stays as it is, byte for byte.
 * @param onnx a ModelProto, by whomever
 * @throws RangeError when the bytes are no such message
 */
export function relabel(onnx: Uint8Array, values: Readonly<Record<string, string>>): Uint8Array {
  const out = Writer.create()
  eachField(onnx, (field, whole, inner) => {
    let key = ''
    if (field === 14)
      eachField(inner, (part, _, value) => {
        if (part === 1) key = new TextDecoder().decode(value)
      })
    const other = values[key]
    if (other === undefined) out.raw(whole)
    else
      message(out, 14, (entry) => {
        text(entry, 1, key)
        text(entry, 2, other)
      })
  })
  return out.finish()
}

/** Every field of a message: its number, its bytes with tag and length, and those of its value where it has a length. */
function eachField(bytes: Uint8Array, take: (field: number, whole: Uint8Array, value: Uint8Array) => void): void {
  const reader = Reader.create(bytes)
  while (reader.pos < reader.len) {
    const from = reader.pos
    const key = reader.uint32()
    const value = (key & 7) === 2 ? reader.bytes() : NONE
    if ((key & 7) !== 2) reader.skipType(key & 7)
    take(key >>> 3, bytes.subarray(from, reader.pos), value)
  }
}

const NONE = new Uint8Array(0)

function encodeGraph(out: Bytes, model: OnnxModel): void {
  model.nodes.forEach((node, i) => {
    encodeNode(out, node, `${i}_${node.op}`)
  })
  text(out, 2, model.name)
  for (const initialiser of model.initialisers) message(out, 5, (w) => encodeTensor(w, initialiser))
  for (const port of model.inputs) message(out, 11, (w) => encodePort(w, port))
  for (const port of model.outputs) message(out, 12, (w) => encodePort(w, port))
}

function encodeNode(out: Bytes, node: GraphNode, called: string): void {
  message(out, 1, (w) => {
    for (const name of node.inputs) text(w, 1, name)
    for (const name of node.outputs) text(w, 2, name)
    text(w, 3, called)
    text(w, 4, node.op)
    for (const [name, value] of Object.entries(node.attributes ?? {})) {
      message(w, 5, (attribute) => encodeAttribute(attribute, name, value))
    }
  })
}

function encodeAttribute(out: Bytes, name: string, value: number | readonly number[]): void {
  text(out, 1, name)
  if (typeof value !== 'number') {
    for (const item of value) out.uint32(tag(8, 0)).int64(item)
    out.uint32(tag(20, 0)).int32(ATTRIBUTE_INTS)
  } else {
    out.uint32(tag(3, 0)).int64(value)
    out.uint32(tag(20, 0)).int32(ATTRIBUTE_INT)
  }
}

function encodeTensor(out: Bytes, { name, dims, data }: Initialiser): void {
  for (const dim of dims) out.uint32(tag(1, 0)).int64(dim)
  out.uint32(tag(2, 0)).int32(data instanceof Float32Array ? ELEMENTS.float32 : ELEMENTS.int64)
  text(out, 8, name)
  // raw_data is little-endian, as every platform Node runs on
  out.uint32(tag(9, 2)).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

function encodePort(out: Bytes, { name, dims, type = 'float32' }: Port): void {
  text(out, 1, name)
  message(out, 2, (value) => {
    message(value, 1, (tensor) => {
      tensor.uint32(tag(1, 0)).int32(ELEMENTS[type])
      message(tensor, 2, (shape) => {
        for (const dim of dims) {
          message(shape, 1, (w) => {
            if (typeof dim === 'number') w.uint32(tag(1, 0)).int64(dim)
            else text(w, 2, dim)
          })
        }
      })
    })
  })
}

/** wire types: 0 varint, 2 length-delimited */
const tag = (field: number, wire: 0 | 2): number => (field << 3) | wire

function text(out: Bytes, field: number, value: string): void {
  out.uint32(tag(field, 2)).string(value)
}

function message(out: Bytes, field: number, fill: (out: Bytes) => void): void {
  out.uint32(tag(field, 2)).fork()
  fill(out)
  out.ldelim()
}
