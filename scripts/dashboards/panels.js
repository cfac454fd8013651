// Grafana's panels as Vigil draws them, on Grafana's own builders: what does not fit its schema does not compile.
import {
  BigValueColorMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as NumberBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** The data source that `deploy/grafana/provisioning` makes. */
const PROMETHEUS = { type: 'prometheus', uid: 'prometheus' }

/** @typedef {readonly [expression: string, legend?: string]} Query */
/** @typedef {readonly [color: string, from?: number]} Step a color, and the value it begins at */

/** @param {readonly Query[]} queries */
const targets = (queries) =>
  queries.map(([expression, legend = ''], i) =>
    new DataqueryBuilder()
      .refId(String.fromCharCode(65 + i))
      .datasource(PROMETHEUS)
      .expr(expression)
      .legendFormat(legend),
  )

/**
 * One number on a colored ground; six of them fill a row.
 * @param {string} title
 * @param {string} what a sentence on what it shows
 * @param {string} expression
 * @param {{ unit?: string, steps?: readonly Step[], name?: string }} [more] `name`: a label's text is shown instead
 */
export function number(title, what, expression, { unit = 'none', steps = [['green']], name = '' } = {}) {
  return new NumberBuilder()
    .title(title)
    .description(what)
    .datasource(PROMETHEUS)
    .targets(targets([[expression, name]]))
    .unit(unit)
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps(steps.map(([color, from]) => ({ color, value: from ?? null }))),
    )
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .colorMode(BigValueColorMode.Background)
    .textMode(name === '' ? BigValueTextMode.Auto : BigValueTextMode.Name)
    .height(4)
    .span(4)
}

/**
 * Lines over time; three of them fill a row.
 * @param {string} title
 * @param {string} what a sentence on what it shows
 * @param {readonly Query[]} queries
 * @param {string} [unit] as Grafana calls it
 */
export function lines(title, what, queries, unit = 'short') {
  return new LinesBuilder()
    .title(title)
    .description(what)
    .datasource(PROMETHEUS)
    .targets(targets(queries))
    .unit(unit)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .height(8)
    .span(8)
}

/**
 * Quantiles of a histogram's last minutes.
 * @param {string} name of the histogram
 * @param {readonly number[]} quantiles
 * @param {{ by?: string, over?: string }} [more] a label to keep; the span
 * @returns {Query[]}
 */
export function quantiles(name, quantiles, { by, over = '5m' } = {}) {
  return quantiles.map((quantile) => [
    `histogram_quantile(${quantile}, sum by (${by === undefined ? 'le' : `${by}, le`}) (rate(${name}_bucket[${over}])))`,
    `${by === undefined ? '' : `{{${by}}} `}p${100 * quantile}`,
  ])
}
