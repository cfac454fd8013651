import { lines, number, quantiles } from './panels.js'

/** Who owns what, how fast it is committed, and what restarts cost. */
export const kafka = {
  title: 'Vigil: Kafka',
  uid: 'vigil-kafka',
  panels: [
    number('Partitions live', 'Watched by some process.', 'sum(vigil_partitions{phase="live"})'),
    number('Restoring', 'Partitions that are read back.', 'sum(vigil_partitions{phase="restoring"})', {
      steps: [['green'], ['yellow', 1]],
    }),
    number('Lag', 'Readings that are not worked yet.', 'sum(vigil_lag_records)'),
    number('Slowest commit', '99th percentile.', 'max(vigil:commit_seconds:p99)', {
      unit: 's',
      steps: [['green'], ['yellow', 0.5], ['red', 1]],
    }),
    number(
      'Failed commits',
      'An hour, but for those of an owner that was replaced.',
      'sum(increase(vigil_commit_failures_total{code!="kafka-fenced"}[1h]))',
      {
        steps: [['green'], ['yellow', 1]],
      },
    ),
    number(
      'States unreadable',
      'Patients that began cold in a day.',
      'sum(increase(vigil_unreadable_states_total[1d]))',
      {
        steps: [['green'], ['red', 1]],
      },
    ),
    lines('Partitions', 'By process and where they are in their life.', [
      ['sum by (instance, phase) (vigil_partitions)', '{{instance}} {{phase}}'],
    ]),
    lines('Waiting', 'Readings not worked, and patients whose state is not saved.', [
      ['sum by (instance) (vigil_lag_records)', '{{instance}} lag'],
      ['sum by (instance) (vigil_unsaved_patients)', '{{instance}} unsaved'],
    ]),
    lines('Generations', 'Of the consumer group, an hour.', [
      ['max(increase(vigil_rebalances_total[1h]))', 'generations'],
    ]),
    lines('Commit', 'One transaction.', quantiles('vigil_commit_seconds', [0.5, 0.99]), 's'),
    lines('Committed', 'A second.', [
      ['sum(rate(vigil_committed_records_total[1m]))', 'records'],
      ['sum(rate(vigil_committed_states_total[1m]))', 'states'],
    ]),
    lines('Failed commits', 'An hour, by code.', [
      ['sum by (code) (increase(vigil_commit_failures_total[1h]))', '{{code}}'],
    ]),
    lines('Restore', 'Fence, changelog, states.', quantiles('vigil_restore_seconds', [0.5, 0.99], { over: '1h' }), 's'),
    lines(
      'Restored',
      'Bytes of the changelog an hour.',
      [['sum(increase(vigil_restored_bytes_total[1h]))', 'bytes']],
      'bytes',
    ),
    lines('Self-test and watch', 'Seconds of the newest self-test; 1 where partitions cannot be watched.', [
      ['max by (instance) (vigil_self_test_seconds)', '{{instance}} self-test'],
      ['max by (instance) (vigil_not_watching)', '{{instance}} not watching'],
    ]),
    lines('Dead letters', 'A minute, by reason.', [
      ['sum by (reason) (rate(vigil_dead_letters_total[5m])) * 60', '{{reason}}'],
    ]),
    lines('Keys', 'Records a minute without a key, or in another partition than their key’s.', [
      ['sum(rate(vigil_rekeyed_records_total[5m])) * 60', 'without'],
      ['sum(rate(vigil_misplaced_records_total[5m])) * 60', 'misplaced'],
    ]),
    lines('States unreadable', 'An hour.', [['sum(increase(vigil_unreadable_states_total[1h]))', 'states']]),
  ],
}
