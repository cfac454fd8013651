import { execFile } from 'node:child_process'

/**
 * What a program printed, both streams together.
 * @throws Error with a sentence: it is not there, ran out of time, or failed, with the first line that says why
 */
export function output(
  program: string,
  args: readonly string[],
  { timeoutMs, env }: { timeoutMs: number; env?: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: 16 << 20, env: env ?? process.env }
    execFile(program, args, options, (error, stdout, stderr) => {
      const printed = `${stdout}${stderr}`
      if (error === null) return resolve(printed)
      const lines = printed.split('\n').filter((line) => line.trim() !== '')
      const telling = lines.find((line) => /error|exception|failed/i.test(line)) ?? lines[0] ?? error.message
      const why =
        error.code === 'ENOENT' ? 'is not installed' : error.killed ? `did not end in ${timeoutMs / 1000} s` : telling
      reject(new Error(`${program} ${why}`, { cause: error }))
    })
  })
}
