/** Takes what closes a thing that was just opened. */
export type AtEnd = (close: () => Promise<void> | void) => void

/**
 * Run work that opens things and close them, last opened first, however it ends: a step worker left open keeps the
 * process alive, and one that is cut off in the middle of a run aborts it. Every close is tried; of several failures the
 * first is thrown, the work's own before any of closing.
 * @param work hands each thing it has opened to `atEnd`, at once
 */
export async function withClosing<T>(work: (atEnd: AtEnd) => Promise<T>): Promise<T> {
  const closes: Parameters<AtEnd>[0][] = []
  const failures: unknown[] = []
  const result = await work((close) => void closes.push(close)).catch((error: unknown) => void failures.push(error))
  for (const close of closes.reverse()) {
    try {
      await close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return result as T
}
