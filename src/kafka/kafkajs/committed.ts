import type { Settings } from '../../vitals/settings.ts'
import { vigilError } from './errors.ts'
import type { Kafka } from './library.ts'

/** The group's committed position of each topic in one partition; undefined where it has none. @throws VigilError */
export async function committedPositions(
  kafka: Kafka,
  { group }: Pick<Settings['kafka'], 'group'>,
  topics: readonly string[],
  partition: number,
): Promise<(number | undefined)[]> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const found = await admin.fetchOffsets({ groupId: group, topics: [...topics] })
    return topics.map((topic) => {
      const partitions = found.find((it) => it.topic === topic)?.partitions
      const offset = Number(partitions?.find((it) => it.partition === partition)?.offset ?? -1)
      return offset < 0 ? undefined : offset
    })
  } catch (error) {
    throw vigilError(error, `reading the positions of ${group}`)
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}
