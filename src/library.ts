/**
 * Vigil as a library: `import { replay, createDetector } from 'vigil'`. What is exported here keeps its form within a
 * major version; everything else of the package is its own. `docs/library.md` explains it.
 */
export { type ErrorCode, VigilError } from './errors.ts'
export { createDetector, type Detector, type DetectorOptions, type Stepped } from './library/detector.ts'
export { type ReplayEvent, type ReplayOptions, replay } from './library/replay.ts'
export type { LibrarySettings } from './library/settings.ts'
export type { AlertBody } from './vitals/alert.ts'
export type { JournalEntry } from './vitals/journal.ts'
export type { WireReading } from './vitals/reading.ts'
export type { Rejection } from './vitals/rejection.ts'
export type { FrameReport } from './vitals/report.ts'
