import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'

// Large payloads do not go through the socket, which takes them in pieces of its buffer, each with a switch of processes,
// but through a file in memory: two copies and nothing else. Measured in docs/inference.md.

/** Payloads up to this many bytes go through the socket. */
export const INLINE_BYTES = 32 * 1024
const MEMORY = '/dev/shm'

/** A file in memory without a name: it is gone with the last process that has it. Undefined where there is no such place. */
export function openShared(): number | undefined {
  const path = `${MEMORY}/vigil-${process.pid}-${Math.random().toString(36).slice(2)}`
  try {
    const file = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    return file
  } catch {
    return undefined // not Linux, or no room
  }
}

export function closeShared(file: number | undefined): void {
  if (file !== undefined) closeSync(file)
}

/** Write parts one after the other from the beginning of the file. @returns false where it does not take them */
export function put(file: number, parts: readonly ArrayBufferView[]): boolean {
  let position = 0
  try {
    for (const part of parts) {
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(file, bytes, at, bytes.length - at, position)
        at += written
        position += written
      }
    }
    return true
  } catch {
    return false // the memory is full: containers have 64 MiB of it
  }
}

/** Read `length` bytes from the beginning of the file. */
export function take(file: number, into: Uint8Array, length: number): void {
  for (let at = 0; at < length; ) at += readSync(file, into, at, length - at, at)
}
