import { lines, number, quantiles } from './panels.js'

/** From the monitors' bytes to what receivers took: the edge, the pipeline, deliveries, and the process around them. */
export const pipeline = {
  title: 'Vigil: pipeline',
  uid: 'vigil-pipeline',
  panels: [
    number('Readings', 'Readings accepted a second.', 'vigil:readings:rate1m'),
    number('Waiting', 'Inputs that are not scored and delivered yet.', 'sum(vigil_waiting_inputs)'),
    number('Slowest step', 'Steps of the network, 99th percentile.', 'max(vigil:step_seconds:p99)', {
      unit: 's',
      steps: [['green'], ['yellow', 0.1], ['red', 0.5]],
    }),
    number('HL7 senders', 'Monitors and systems that are connected.', 'sum(vigil_hl7_connections)'),
    number(
      'HL7 not kept',
      'Messages an hour that Kafka did not take in time.',
      'sum(increase(vigil_hl7_messages_total{answer=~"AE|CE"}[1h]))',
      { steps: [['green'], ['red', 1]] },
    ),
    number(
      'Receivers cut off',
      'Receivers whose circuit is open.',
      'count(min by (receiver) (vigil_receiver_reachable) == 0) or vector(0)',
      { steps: [['green'], ['red', 1]] },
    ),
    lines('Readings, frames, steps', 'A second.', [
      ['sum(rate(vigil_readings_total[1m]))', 'readings'],
      ['sum(rate(vigil_frames_total[1m]))', 'frames'],
      ['sum by (detector) (rate(vigil_steps_total[1m]))', 'steps {{detector}}'],
    ]),
    lines('Not scored', 'Inputs a minute, by reason.', [
      ['sum by (reason) (rate(vigil_rejections_total[5m])) * 60', '{{reason}}'],
    ]),
    lines('Sinks that refused', 'Deliveries of the process itself, an hour.', [
      ['sum by (sink, retriable) (increase(vigil_sink_failures_total[1h])) or vector(0)', '{{sink}}'],
    ]),
    lines('Step of the network', 'One call, all its rows.', quantiles('vigil_step_seconds', [0.5, 0.99]), 's'),
    lines('Steps by provider', 'Patient-steps a second, and devices an hour that were lost while they served.', [
      ['sum by (provider) (rate(vigil_steps_total[1m]))', '{{provider}}'],
      ['sum(increase(vigil_providers_lost_total[1h])) or vector(0)', 'lost'],
    ]),
    lines('Patients in a step', 'Rows of one call.', quantiles('vigil_step_rows', [0.5, 0.99])),
    lines('Waiting', 'Inputs, and the age of the oldest in seconds.', [
      ['sum(vigil_waiting_inputs)', 'inputs'],
      ['max(vigil_oldest_unscored_seconds)', 'oldest, s'],
    ]),
    lines('HL7 messages', 'A minute, by type and answer.', [
      ['sum by (kind, answer) (rate(vigil_hl7_messages_total[5m])) * 60', '{{kind}} {{answer}}'],
    ]),
    lines('HL7 acknowledgement', 'Kafka has it by then.', quantiles('vigil_hl7_ack_seconds', [0.5, 0.99]), 's'),
    lines('HL7 connections ended', 'By the edge, an hour, and why.', [
      ['sum by (because) (increase(vigil_hl7_connections_ended_total[1h]))', '{{because}}'],
    ]),
    lines('HL7 observations without a channel', 'A minute, by code.', [
      ['sum by (code) (rate(vigil_hl7_unmapped_observations_total[5m])) * 60', '{{code}}'],
    ]),
    lines('HL7 observations in doubt', 'A minute: could not be read, or disagree with themselves and were taken.', [
      ['sum by (reason) (rate(vigil_hl7_rejected_observations_total[5m])) * 60', '{{reason}}'],
      ['sum by (what) (rate(vigil_hl7_disagreements_total[5m])) * 60', '{{what}}'],
    ]),
    lines('Monitors’ clocks', 'Ours less theirs.', quantiles('vigil_hl7_clock_skew_seconds', [0.01, 0.5, 0.99]), 's'),
    lines('Delivered', 'Messages a minute that receivers took.', [
      ['sum by (receiver) (rate(vigil_deliveries_total[5m])) * 60', '{{receiver}}'],
    ]),
    lines(
      'Delivery',
      'From the first try until it was taken.',
      quantiles('vigil_delivery_seconds', [0.5, 0.99], { by: 'receiver' }),
      's',
    ),
    lines('Not delivered', 'Tries an hour that failed, and messages that were refused for good.', [
      ['sum by (receiver) (increase(vigil_delivery_failures_total[1h]))', '{{receiver}} failed'],
      ['sum by (receiver) (increase(vigil_delivery_refusals_total[1h]))', '{{receiver}} refused'],
    ]),
    lines('Requests', 'Answered a second, by route and status.', [
      ['sum by (route, status) (rate(vigil_http_requests_total[1m]))', '{{route}} {{status}}'],
    ]),
    lines('Memory', 'Resident, by process.', [['process_resident_memory_bytes{job="vigil"}', '{{instance}}']], 'bytes'),
    lines(
      'Event loop',
      'Lag, 99th percentile, by process.',
      [['nodejs_eventloop_lag_p99_seconds{job="vigil"}', '{{instance}}']],
      's',
    ),
  ],
}
