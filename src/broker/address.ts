/** Everything a broker of ours listens on. */
export const LOOPBACK = '127.0.0.1'

/** @param text HOST:PORT, where HOST may be an IPv6 address in brackets */
export function address(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':')
  return { host: text.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(at + 1)) }
}
