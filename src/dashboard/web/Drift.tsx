import type { ChannelInfo, DetectorView } from '../protocol.ts'
import { figure, unitWord } from './words.ts'

/** A quantity between its two limits, 0 in the middle: how far it has gone, never by colour alone. */
function Gauge({ value, limit }: { value: number; limit: number }) {
  const share = Math.max(-1, Math.min(1, value / limit))
  const from = 50 + 50 * Math.min(0, share)
  return (
    <div class="gauge" aria-hidden="true">
      <div
        class={Math.abs(share) === 1 ? 'beyond' : ''}
        style={{ left: `${from}%`, width: `${50 * Math.abs(share)}%` }}
      />
    </div>
  )
}

const signed = (value: number) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`

/** Slow change of each channel: a forecaster follows a patient down, so this is watched beside it. */
export function Drift({ detector, channels }: { detector: DetectorView; channels: readonly ChannelInfo[] }) {
  return (
    <section class="panel">
      <h2>
        Drift <span>{detector.detector}</span>
      </h2>
      <table class="drift">
        <caption>Slow change by channel, up or down, each against its limit</caption>
        <thead>
          <tr>
            <th scope="col">Channel</th>
            <th scope="col">Minutes in one direction</th>
            <th scope="col">Last minutes against the hours before</th>
          </tr>
        </thead>
        <tbody>
          {detector.channels.map((channel, c) => {
            const info = channels[channel]
            const drift = detector.drift[c]
            const limits = detector.driftLimits[c]
            if (info === undefined || drift === undefined || limits === undefined) return null
            const [cusum, away, lately, usual] = drift
            const [cusumLimit, awayLimit] = limits
            return (
              <tr key={channel} style={{ '--channel': `var(--channel-${info.name}, var(--channel-other))` }}>
                <th scope="row">{info.label}</th>
                <td>
                  <Gauge value={cusum} limit={cusumLimit} />
                  {signed(cusum)} of {cusumLimit.toFixed(1)}
                </td>
                <td>
                  {lately === null || usual === null ? (
                    <span class="unknown">needs an hour</span>
                  ) : (
                    <>
                      <Gauge value={away} limit={awayLimit} />
                      {figure(usual, info)} to {figure(lately, info)} {unitWord(info.unit)}
                    </>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
