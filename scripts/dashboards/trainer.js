import { lines, number, quantiles } from './panels.js'

/** Cycles of `vigil retrain --port`: what the trainer does, what its windows hold, and what the gate said. */
export const trainer = {
  title: 'Vigil: trainer',
  uid: 'vigil-trainer',
  panels: [
    number('Now', 'What the trainer does.', 'max by (phase) (vigil_retrain_phase) == 1', { name: '{{phase}}' }),
    number(
      'Since the last cycle',
      'That ended with a verdict, or without one.',
      'time() - max(vigil_retrain_last_cycle_timestamp_seconds)',
      {
        unit: 's',
        steps: [['green'], ['yellow', 2 * 86_400]],
      },
    ),
    number(
      'Passed',
      'Challengers in a week that passed the gate.',
      'sum(increase(vigil_retrain_cycles_total{outcome="passed"}[7d]))',
    ),
    number(
      'Refused',
      'Challengers in a week that the gate refused.',
      'sum(increase(vigil_retrain_cycles_total{outcome="refused"}[7d]))',
    ),
    number(
      'Failed',
      'Cycles in a week without a challenger.',
      'sum(increase(vigil_retrain_cycles_total{outcome="failed"}[7d]))',
      {
        steps: [['green'], ['yellow', 1]],
      },
    ),
    number('Unmet', 'Conditions of the newest verdict that were not met.', 'max(vigil_retrain_conditions_unmet)', {
      steps: [['green'], ['yellow', 1]],
    }),
    lines('Phase', 'What the trainer does.', [['max by (phase) (vigil_retrain_phase)', '{{phase}}']]),
    lines(
      'Cycle',
      'From its window to its verdict.',
      quantiles('vigil_retrain_cycle_seconds', [0.5, 0.99], { over: '7d' }),
      's',
    ),
    lines('Cycles', 'In a week, by outcome.', [
      ['sum by (outcome) (increase(vigil_retrain_cycles_total[7d]))', '{{outcome}}'],
    ]),
    lines('Window', 'Readings of the newest cycle.', [['max(vigil_retrain_window_readings)', 'readings']]),
    lines('Patients', 'Of the newest window, by what they are for.', [
      ['max by (part) (vigil_retrain_window_patients)', '{{part}}'],
    ]),
    lines('Fits', 'Surprise of the validation patients, nats a value; the lower one goes to the gate.', [
      ['max by (from) (vigil_retrain_validation_nats)', 'from {{from}}'],
    ]),
    lines('Challenger less champion', 'Nats a value with the 95 % interval; below 0 the challenger is better.', [
      ['max by (of) (vigil_retrain_primary_nats)', '{{of}}'],
    ]),
    lines('Processor', 'Of the trainer, cores.', [
      [
        'rate(process_cpu_seconds_total{job="vigil"}[1m]) and on (instance) vigil_retrain_phase{phase="resting"}',
        '{{instance}}',
      ],
    ]),
    lines(
      'Memory',
      'Of the trainer, resident.',
      [
        [
          'process_resident_memory_bytes{job="vigil"} and on (instance) vigil_retrain_phase{phase="resting"}',
          '{{instance}}',
        ],
      ],
      'bytes',
    ),
  ],
}
