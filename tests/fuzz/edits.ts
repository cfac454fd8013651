import fc from 'fast-check'

/** One thing that happens to bytes. Places and lengths are shares of 65,536 of what is there, so that shrinking moves them to the front. */
export type Edit =
  | { readonly do: 'flip'; readonly at: number; readonly bit: number }
  | { readonly do: 'put'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly do: 'drop' | 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly do: 'end'; readonly at: number }

/** Which sample, and what happens to it. */
export interface Edited {
  readonly of: number
  readonly edits: readonly Edit[]
}

const place = fc.nat(65_535)
const TEXT = new TextEncoder()
/** What parsers of text, numbers and lengths trip over. */
const TOKENS = [
  '', '\0', '\r', '\n', '\r\n', '"', '\\', '{', '[', '}', ',', ':', '|', '^', '~', '&', '../', '%2e%2e%2f', '%00', 'NaN', '1e999',
  '-1', '4294967295', '9007199254740993', '__proto__', 'constructor', '\ufeff', '\ud83d\ude00', '\x0b', '\x1c\r', 'PAR1',
] // biome-ignore format: a list
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc.constantFrom(...TOKENS).map((it) => TEXT.encode(it)),
  fc
    .constantFrom([0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0x80], [0xff, 0xff, 0xff, 0xff, 0x0f])
    .map((it) => Uint8Array.from(it)),
)
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ do: fc.constant('put' as const), at: place, bytes }),
  fc.record({
    do: fc.constantFrom('drop' as const, 'repeat' as const),
    at: place,
    length: fc.oneof(fc.nat(300), place),
    times: fc.oneof(fc.constant(1), fc.nat(200)),
  }),
  fc.record({ do: fc.constant('end' as const), at: place }),
)

/** @param samples how many there are */
export const edited = (samples: number): fc.Arbitrary<Edited> =>
  fc.record({ of: fc.nat(samples - 1), edits: fc.array(edit, { maxLength: 8 }) })

/** The longest that edits may make of a sample. */
const MOST = 2_000_000

export function applied(samples: readonly Uint8Array[], { of, edits }: Edited): Buffer {
  let now: Buffer = Buffer.from(samples[of]!)
  for (const it of edits) {
    const at = Math.floor((it.at / 65_536) * now.length)
    const [head, tail] = [now.subarray(0, at), now.subarray(at)]
    if (it.do === 'end') now = Buffer.from(head)
    else if (it.do === 'put') now = Buffer.concat([head, it.bytes, tail])
    else if (it.do === 'flip') {
      now = Buffer.from(now)
      if (at < now.length) now[at]! ^= 1 << it.bit
    } else {
      const part = tail.subarray(0, Math.ceil((it.length / 65_536) * now.length))
      const times = Math.min(it.times, Math.floor((MOST - now.length) / Math.max(1, part.length)))
      now = Buffer.concat(
        it.do === 'drop' ? [head, tail.subarray(part.length)] : [head, ...Array(Math.max(0, times)).fill(part), tail],
      )
    }
  }
  return now
}
