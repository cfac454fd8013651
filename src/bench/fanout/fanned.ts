export interface FanoutFlags {
  readonly alertsPerSecond: number
  readonly subscribers: number
  readonly seconds: number
  readonly partitions: number
  /** messages of one POST at most */
  readonly batch: number
}

/** One way out, to all who are told. */
export interface Fanned {
  /** of the paced run, to all together: from the first hand-over to the last arrival */
  readonly deliveredPerSecond: number
  /** from the hand-over to the arrival, without what was replayed to the one that had been away */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly lost: number
  readonly doubled: number
  /** processor time of the sending process, us */
  readonly cpuMicrosPerDelivery: number
  readonly rssBytes: number
  /** as fast as it is taken */
  readonly mostPerSecond: number
  /** the bare anchor: node:http with the same bytes to as many, in the same run */
  readonly bareMostPerSecond: number
  readonly ratio: number
}

export interface Webhooks extends Fanned {
  /** one message a POST, as fast as it is taken */
  readonly single: Pick<Fanned, 'mostPerSecond' | 'bareMostPerSecond' | 'ratio'>
}
