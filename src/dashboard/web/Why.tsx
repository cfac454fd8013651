import type { AlertView, ChannelInfo } from '../protocol.ts'
import { chance, figure, unitWord } from './words.ts'

/** What watches for drift. */
const WATCHES: Readonly<Record<string, string>> = {
  cusum: 'minutes in one direction (CUSUM)',
  'own-baseline': "last minutes against the hours before, standard deviations of the patient's own control chart",
}

/** Against what a score is held, in words. */
function Score({ score }: { score: NonNullable<AlertView['score']> }) {
  const { name, value, threshold, persistence, horizonSeconds, calibrated } = score
  if (name === 'p-value') {
    return (
      <p class="chances">
        <span>
          p {chance(value)}, raised below {chance(threshold)}
          {persistence && ` in ${persistence.n} of ${persistence.of} ticks`}
        </span>
        {horizonSeconds !== undefined && <span>against the forecast made {horizonSeconds} s before</span>}
        {!calibrated && <span>threshold as shipped, not set on this ward</span>}
      </p>
    )
  }
  // limits and early-warning scores say what they are held against themselves
  const watch = WATCHES[name]
  if (watch === undefined) return null
  return (
    <p class="chances">
      <span>
        {watch} {value.toFixed(1)}, limit {threshold.toFixed(1)}
      </span>
    </p>
  )
}

/** Why an alert fired: each channel that took part, what was expected of it, and its share. */
export function Why({ alert, channels }: { alert: AlertView; channels: readonly ChannelInfo[] }) {
  const rows = alert.channels.flatMap((channel) => {
    const info = channels.find(({ name }) => name === channel.channel)
    return info === undefined ? [] : [{ ...channel, info }]
  })
  const expected = rows.some((row) => row.expected !== undefined)
  return (
    <div class="reasons">
      {expected && (
        <table>
          <caption>What was expected, and the share of each channel in the surprise</caption>
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col">Was</th>
              <th scope="col">Expected</th>
              <th scope="col">By the rest</th>
              <th scope="col">Share</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ info, observed, expected: band, given, contribution = 0 }) => (
              <tr key={info.name} style={{ '--channel': `var(--channel-${info.name}, var(--channel-other))` }}>
                <th scope="row">
                  {info.label} <i>{unitWord(info.unit)}</i>
                </th>
                <td>{observed === null ? '– –' : figure(observed, info)}</td>
                <td>{band === undefined ? '– –' : `${figure(band.low, info)} to ${figure(band.high, info)}`}</td>
                <td>{given === undefined ? '– –' : figure(given, info)}</td>
                <td class="share">
                  <div style={{ width: `${Math.round(40 * contribution)}px` }} />
                  {Math.round(100 * contribution)} %
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {alert.score !== null && <Score score={alert.score} />}
      <p class="why">{alert.explanation}</p>
    </div>
  )
}
