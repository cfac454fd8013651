/** Order of the gate blocks in our kernels [I + H, 4H] and biases [4H]: input, forget, cell candidate, output. */
export const GATES = ['input', 'forget', 'candidate', 'output'] as const
export type Gate = (typeof GATES)[number]

/** Order of the gate blocks in the ONNX LSTM operator's W, R and B: i, o, f, c. */
export const ONNX_GATES: readonly Gate[] = ['input', 'output', 'forget', 'candidate']
