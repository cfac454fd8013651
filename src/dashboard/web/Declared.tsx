import type { Vital } from './vitals.ts'
import { figure, spoken, unitWord } from './words.ts'

/** Laboratory values and what was told of the patient: name, value, age. */
export function Declared({ vitals }: { vitals: readonly Vital[] }) {
  const known = vitals.filter(({ info, sample }) => info.declared && sample !== undefined)
  if (known.length === 0) return null
  return (
    <section class="panel declared">
      <h2>
        Laboratory and attributes <span>{known.length}</span>
      </h2>
      <table>
        <tbody>
          {known.map(({ info, sample }) => (
            <tr key={info.name} title={info.meaning}>
              <th scope="row">{info.label.replaceAll('_', ' ')}</th>
              <td class="number">{figure(sample![1], info)}</td>
              <td>{info.unit === '1' ? '' : unitWord(info.unit)}</td>
              <td class="age">{info.fixed ? '' : `${spoken(sample![2] * 1000)} ago`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
