import { lines, number, quantiles } from './panels.js'

const VERSION = 'detector, version'
const NAMED = '{{detector}} {{version}}'
/** @param {string} metric @param {string} per */
const share = (metric, per) => `sum by (${VERSION}) (rate(${metric}[5m])) / sum by (${VERSION}) (rate(${per}[5m]))`

/** What serves and what runs in shadow, what each says, and whether the ward is still the one it was made with. */
export const models = {
  title: 'Vigil: models and drift',
  uid: 'vigil-models',
  panels: [
    number(
      'Serving',
      'The models that serve, on which provider.',
      'max by (detector, name, version, provider) (vigil_model_info)',
      {
        name: '{{detector}} {{version}} {{provider}}',
      },
    ).span(12),
    number('Drifted', 'Figures of a version beyond what it was made for.', 'max(vigil_model_drift_reasons)', {
      steps: [['green'], ['yellow', 1]],
    }),
    number(
      'Went back',
      'Champions that gave way to the former one, a day.',
      'sum(increase(vigil_model_promotions_total{way="back"}[1d])) or vector(0)',
      {
        steps: [['green'], ['red', 1]],
      },
    ),
    number(
      'Orders refused',
      'Orders about models that could not be followed, a day.',
      'sum(increase(vigil_model_orders_total{outcome="refused"}[1d]))',
      {
        steps: [['green'], ['yellow', 1]],
      },
    ),
    lines('Frames', 'Scored a second, by the champion and in shadow.', [
      [`sum by (${VERSION}) (rate(vigil_model_frames_total[1m]))`, NAMED],
      [`sum by (${VERSION}) (rate(vigil_model_frames_shadow_total[1m]))`, `${NAMED} shadow`],
    ]),
    lines('Episodes', 'That began, an hour.', [
      [`sum by (${VERSION}) (increase(vigil_model_onsets_total[1h]))`, NAMED],
      [`sum by (${VERSION}) (increase(vigil_model_onsets_shadow_total[1h]))`, `${NAMED} shadow`],
    ]),
    lines(
      'Raised',
      'Share of frames in an episode.',
      [
        [share('vigil_model_raised_frames_total', 'vigil_model_frames_total'), NAMED],
        [share('vigil_model_raised_frames_shadow_total', 'vigil_model_frames_shadow_total'), `${NAMED} shadow`],
      ],
      'percentunit',
    ),
    lines('Scores', 'Quantiles of -log10 of the smallest p of a frame.', [
      ['max by (detector, version, quantile) (vigil_score)', `${NAMED} {{quantile}}`],
      ['max by (detector, version, quantile) (vigil_score_shadow)', `${NAMED} {{quantile}} shadow`],
    ]),
    lines('Champion and shadow agree', 'Frames a second, by who says "unexpected".', [
      ['sum by (version, said) (rate(vigil_model_agreement_shadow_total[5m]))', '{{version}} {{said}}'],
    ]),
    lines(
      'What a frame costs',
      'Seconds of stepping, a frame.',
      [
        [share('vigil_model_step_seconds_total', 'vigil_model_frames_total'), NAMED],
        [share('vigil_model_step_seconds_shadow_total', 'vigil_model_frames_shadow_total'), `${NAMED} shadow`],
      ],
      's',
    ),
    lines('Broken forecasts', 'With a value that is no finite number, an hour.', [
      [`sum by (${VERSION}) (increase(vigil_model_broken_forecasts_total[1h]))`, NAMED],
      [`sum by (${VERSION}) (increase(vigil_model_broken_forecasts_shadow_total[1h]))`, `${NAMED} shadow`],
    ]),
    lines('Drift: distributions', 'Population stability index by channel: 0.1 moderate, 0.25 major.', [
      ['max by (detector, version, figure, of) (vigil_model_drift{figure="stability"})', `${NAMED} {{figure}} {{of}}`],
    ]),
    lines('Drift: all else', 'Missing values, residuals, distance of the transform, threshold.', [
      ['max by (detector, version, figure, of) (vigil_model_drift{figure!="stability"})', `${NAMED} {{figure}} {{of}}`],
    ]),
    lines('Drift: reasons', 'Figures beyond what a version was made for.', [
      [`max by (${VERSION}) (vigil_model_drift_reasons)`, NAMED],
    ]),
    lines('Warming a version', 'How long the readings of before took, and how many there were a minute.', [
      ...quantiles('vigil_model_warm_up_seconds', [0.99], { over: '1d' }),
      ['sum(rate(vigil_model_warm_up_readings_total[5m])) * 60', 'readings'],
    ]),
    lines('Orders and promotions', 'An hour.', [
      ['sum by (action, outcome) (increase(vigil_model_orders_total[1h]))', '{{action}} {{outcome}}'],
      ['sum by (detector, way) (increase(vigil_model_promotions_total[1h])) or vector(0)', '{{detector}} {{way}}'],
    ]),
  ],
}
