import type { BudgetView } from '../protocol.ts'

/** A rate as precisely as its interval deserves: two significant digits. */
const rate = (value: number) => (value >= 10 ? value.toFixed(0) : value.toPrecision(2))

/** Patient time in what one says of it. */
function watched(days: number): string {
  const hours = days * 24
  if (hours < 1) return `${Math.round(hours * 60)} patient-minutes`
  return days < 1 ? `${hours.toFixed(1)} patient-hours` : `${days.toFixed(1)} patient-days`
}

/** What of the alarm budget is spent: how often the models spoke, with its interval, against what a site allows. */
export function Budget({ spent }: { spent: BudgetView | null }) {
  if (spent === null) return null
  const { budget, patientDays, episodes, called, realised, interval } = spent
  return (
    <section class="budget" aria-labelledby="budget-title">
      <h3 id="budget-title">Alarm budget</h3>
      {patientDays === 0 ? (
        <p>Nothing was watched yet.</p>
      ) : (
        <p>
          <b>
            {episodes} {episodes === 1 ? 'advisory' : 'advisories'}
          </b>{' '}
          in {watched(patientDays)}, {called} of them called somebody: <b>{rate(realised)}</b> a patient-day (95 %{' '}
          {rate(interval[0])} to {rate(interval[1])})
        </p>
      )}
      <p>
        {budget === null ? (
          'No budget: the thresholds are as shipped, not set on this ward.'
        ) : (
          <>
            Budget <b>{rate(budget)}</b> a patient-day: {verdict(budget, interval)}
          </>
        )}
      </p>
    </section>
  )
}

/** What the interval says of the budget, and no more. */
function verdict(budget: number, [low, high]: readonly [number, number]): string {
  if (low > budget) return 'overspent.'
  return high < budget ? 'kept.' : 'within what chance allows so far.'
}
