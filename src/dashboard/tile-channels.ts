/** What a tile shows large, in this order, with a strip. Without an ECG the oximeter's pulse takes the place of the heart rate. */
const LARGE = ['hr', 'spo2', 'resp']

/** Names of the channels of a tile's rows. @param has whether there is, or ever was, a value of a channel */
export function tileChannels(has: (name: string) => boolean): string[] {
  return LARGE.flatMap((name) => (has(name) ? [name] : name === 'hr' && has('pulse') ? ['pulse'] : []))
}
