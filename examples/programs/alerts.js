// Every alert of some recordings: node examples/programs/alerts.js examples/recordings
import { replay } from 'vigil'

for await (const event of replay(process.argv.slice(2))) {
  if (event.kind !== 'alert') continue
  const { times, phase, priority, subject, label } = event.alert
  console.log(new Date(times.event).toISOString(), priority, phase, subject.patientKey, label)
}
