// How long each bed was watched, and how: node examples/programs/count-states.js examples/recordings/bidmc_05_Numerics.csv
import { replay } from 'vigil'

const frames = {}
for await (const event of replay(process.argv.slice(2), { frames: true })) {
  if (event.kind !== 'frame') continue
  const { patientKey, watching } = event.frame
  frames[patientKey] ??= {}
  frames[patientKey][watching] = (frames[patientKey][watching] ?? 0) + 1
}
console.log(JSON.stringify(frames))
