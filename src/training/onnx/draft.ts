import type { GraphNode, Initialiser } from '../../onnx/proto.ts'

/** A graph being written, node by node. */
export interface Draft {
  readonly nodes: GraphNode[]
  readonly initialisers: Initialiser[]
}

export function node(
  draft: Draft,
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, number | readonly number[]> = {},
): void {
  draft.nodes.push({ op, inputs, outputs, attributes })
}

/** Integer constants: axes, split sizes. */
export function constants(draft: Draft, name: string, values: number[]): void {
  draft.initialisers.push({ name, dims: [values.length], data: BigInt64Array.from(values, BigInt) })
}

export function scalar(draft: Draft, name: string, value: number): void {
  draft.initialisers.push({ name, dims: [], data: Float32Array.of(value) })
}

/** Gemm of rows with a constant [rows, columns] and a bias. */
export function product(
  draft: Draft,
  input: string,
  name: string,
  dims: readonly [number, number],
  kernel: Float32Array,
  bias: Float32Array,
): string {
  draft.initialisers.push(
    { name: `${name}_kernel`, dims, data: kernel },
    { name: `${name}_bias`, dims: [dims[1]], data: bias },
  )
  node(draft, 'Gemm', [input, `${name}_kernel`, `${name}_bias`], [name])
  return name
}
