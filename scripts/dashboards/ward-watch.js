import { lines, number, quantiles } from './panels.js'

/** Whether everybody is watched, what was said of them, and how often somebody was called. */
export const wardWatch = {
  title: 'Vigil: ward watch',
  uid: 'vigil-ward-watch',
  panels: [
    number('Instances', 'Processes of Vigil that answer.', 'sum(up{job="vigil"})', { steps: [['red'], ['green', 1]] }),
    number('Beds watched', 'Beds of which everything is seen.', 'sum(vigil_beds{watching="watching"})'),
    number('Beds blind', 'Beds without a signal: nobody watches them.', 'sum(vigil_beds{watching="blind"})', {
      steps: [['green'], ['red', 1]],
    }),
    number('Not watching', 'Processes that cannot watch their partitions.', 'sum(vigil_not_watching)', {
      steps: [['green'], ['red', 1]],
    }),
    number('Self-test', 'From a self-test reading to the commit of its alert.', 'max(vigil_self_test_seconds)', {
      unit: 's',
      steps: [['green'], ['yellow', 5], ['red', 150]],
    }),
    number('Oldest unscored', 'Age of the oldest input that waits.', 'max(vigil_oldest_unscored_seconds)', {
      unit: 's',
      steps: [['green'], ['yellow', 1], ['red', 5]],
    }),
    lines('Beds', 'Beds by whether anybody watches them.', [['sum by (watching) (vigil_beds)', '{{watching}}']]),
    lines('Calls', 'Messages a minute that call somebody.', [
      ['sum by (kind, priority) (rate(vigil_alert_calls_total[5m])) * 60', '{{kind}} {{priority}}'],
    ]),
    lines('Alert messages', 'Messages a minute, called or not.', [
      ['sum by (priority, phase) (rate(vigil_alerts_total[5m])) * 60', '{{priority}} {{phase}}'],
    ]),
    lines('Onsets', 'Episodes an hour that began, by whether somebody was called.', [
      ['sum by (call) (rate(vigil_alert_onsets_total[1h])) * 3600', '{{call}}'],
    ]),
    lines('Alarm budget', 'Advisories of the models a patient-day since the process began, and the budget.', [
      ['avg by (of) (vigil_advisories_per_patient_day)', '{{of}}'],
      ['max(vigil_advisory_budget_per_patient_day)', 'budget'],
    ]),
    lines('Patient time', 'Patient-days watched since each process began.', [
      ['sum(vigil_watched_patient_days)', 'patient-days'],
    ]),
    lines('Journal', 'Entries a minute: admissions, acknowledgements, pauses, mutes, verdicts of the clock.', [
      ['sum by (entry) (rate(vigil_journal_entries_total[5m])) * 60', '{{entry}}'],
    ]),
    lines('Limits and alert rules', 'Partitions by the policy that holds, and changes an hour, refused ones too.', [
      ['count by (set, version, policy) (vigil_policy_info)', '{{set}} {{version}} {{policy}}'],
      ['sum by (outcome) (increase(vigil_policy_reloads_total[1h]))', '{{outcome}}'],
    ]),
    lines(
      'Hourly risks',
      'Quantiles of the probabilities that hourly models gave in six hours.',
      quantiles('vigil_risk_probability', [0.5, 0.9], { by: 'detector', over: '6h' }),
      'percentunit',
    ),
    lines('Model failures', 'Forecasts an hour that a model did not give: fixed limits alone watch.', [
      ['sum by (detector, cause) (increase(vigil_model_failures_total[1h])) or vector(0)', '{{detector}} {{cause}}'],
    ]),
  ],
}
