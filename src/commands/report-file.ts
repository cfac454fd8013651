import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { VigilError } from '../errors.ts'
import type { Provenance } from '../evaluation/report/parts.ts'
import { type ReportDocument, reportDocument } from '../report/document.ts'

/** The text of `--report` in a command's help. */
export const REPORT_FLAG = [
  '--report <file.html>',
  'write what was found as one HTML file that a person reads',
] as const

/** Rather now than after the work. @throws VigilError usage unless the name ends in .html */
export function checkReportName(file: string | undefined): void {
  if (file !== undefined && !/\.html?$/i.test(file)) {
    throw new VigilError('usage', 'a report is an HTML file: its name ends in .html', { place: file })
  }
}

/** A report whole or not at all. @throws VigilError sink-failed */
export async function writeReport(file: string, report: ReportDocument): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(`${file}.part`, reportDocument(report))
    await rename(`${file}.part`, file)
  } catch (cause) {
    throw new VigilError('sink-failed', 'the report cannot be written there', { place: file, cause })
  }
}

/** @param data what was evaluated, in words or as a folder @param started `performance.now()` when the work began */
export function provenanceOf(data: string, started: number): Provenance {
  return {
    command: commandLine(),
    data: basename(data),
    date: new Date(),
    seconds: (performance.now() - started) / 1000,
  }
}

/** The command line as it can be run again: a folder's own place says nothing to others, so it is cut to its name. */
function commandLine(argv: readonly string[] = process.argv.slice(2)): string {
  return ['vigil', ...argv.map((part) => (part.startsWith('/') ? part.split('/').at(-1)! : part))].join(' ')
}
