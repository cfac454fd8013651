// Grafana's dashboards, from `scripts/dashboards/`: `npm run contracts` writes them to deploy/grafana/dashboards.
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { kafka } from './dashboards/kafka.js'
import { models } from './dashboards/models.js'
import { pipeline } from './dashboards/pipeline.js'
import { trainer } from './dashboards/trainer.js'
import { wardWatch } from './dashboards/ward-watch.js'

/** file below deploy/grafana/dashboards -> what stands in it, as code */
const PAGES = {
  'ward-watch.json': wardWatch,
  'pipeline.json': pipeline,
  'kafka.json': kafka,
  'models.json': models,
  'trainer.json': trainer,
}

/** @param {typeof PAGES[keyof typeof PAGES]} page */
function built({ title, uid, panels }) {
  const others = new DashboardLinkBuilder('Vigil').type(DashboardLinkType.Dashboards).tags(['vigil']).keepTime(true)
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .tags(['vigil'])
    .readonly()
    .refresh('5s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .link(others)
  panels.forEach((panel, i) => void dashboard.withPanel(panel.id(i + 1)))
  return dashboard.build()
}

/** The dashboards, by file. */
export const dashboards = () => new Map(Object.entries(PAGES).map(([file, page]) => [file, built(page)]))
