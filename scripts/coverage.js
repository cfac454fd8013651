import { existsSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { ROOT } from './setup.js'

/**
 * The files that tests reach least, a line each, least covered first.
 * @param {string} summary path of istanbul's `coverage-summary.json`
 * @param {number} [count]
 * @returns {string[]} empty when there is no summary
 */
export function leastCovered(summary, count = 10) {
  if (!existsSync(summary)) return []
  /** @type {Record<string, { lines: { total: number, pct: number } }>} */
  const files = JSON.parse(readFileSync(summary, 'utf8'))
  const rows = Object.entries(files)
    .filter(([file, { lines }]) => file !== 'total' && lines.total > 0)
    .sort(([, a], [, b]) => a.lines.pct - b.lines.pct)
    .slice(0, count)
  return ['least covered, % of lines:', ...rows.map(([file, { lines }]) => row(file.replace(ROOT, ''), lines.pct))]
}

/** @param {string} file @param {number} percent */
const row = (file, percent) => `  ${percent.toFixed(0).padStart(3)}  ${file.split(sep).join('/')}`
