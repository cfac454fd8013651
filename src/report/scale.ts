/** A linear scale from values to pixels, to a tenth of one. */
export function scaleOf(from: number, to: number, start: number, end: number): (value: number) => number {
  const per = to === from ? 0 : (end - start) / (to - from)
  return (value) => Math.round((start + (value - from) * per) * 10) / 10
}

/** Round numbers in [from, to], about so many: steps of 1, 2 or 5 times a power of ten. */
export function axisTicks(from: number, to: number, about: number): number[] {
  if (!(to > from)) return [from]
  const rough = (to - from) / about
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((it) => it * power >= rough) ?? 10)
  const ticks: number[] = []
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)))
  return ticks // biome-ignore format: one step, one line
}

/** A number as a tick: no more digits than it has. */
export const tickText = (value: number): string => String(Number(value.toPrecision(6))).replace('-', '\u2212')

/** A path through points, a new piece after every NaN; points that would lie on the same pixel are left out. */
export function pathOf(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  px: (value: number) => number,
  py: (value: number) => number,
): string {
  let path = ''
  let joined = false
  let before = ''
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(y[i]!) || Number.isNaN(x[i]!)) {
      joined = false
      continue
    }
    const point = `${px(x[i]!)} ${py(y[i]!)}`
    if (joined && point === before) continue
    path += `${joined ? 'L' : 'M'}${point}`
    joined = true
    before = point
  }
  return path
}
