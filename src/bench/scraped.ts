/**
 * What a service in this process tells Prometheus.
 * @param url its address
 * @param names of series; where one has several sets of labels, their sum
 * @returns a number for each name, 0 where there is no such series yet
 */
export async function scraped(url: string, ...names: readonly string[]): Promise<number[]> {
  const text = await (await fetch(new URL('/metrics', url))).text()
  const sums = new Map(names.map((name) => [name, 0]))
  for (const line of text.split('\n')) {
    const name = /^[a-z_]+/.exec(line)?.[0]
    const sum = name === undefined ? undefined : sums.get(name)
    if (sum !== undefined) sums.set(name!, sum + Number(line.slice(line.lastIndexOf(' ') + 1)))
  }
  return names.map((name) => sums.get(name)!)
}
