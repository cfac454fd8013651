// A detector fed by a program: ten minutes of a patient whose saturation falls. node examples/programs/feed.js
import { createDetector } from 'vigil'

const detector = await createDetector({ models: ['bedside@1.0.1'] })
try {
  for (let second = 0; second < 600; second++) {
    const spo2 = second < 300 ? 97 : Math.max(80, 97 - (second - 300) / 5)
    const { alerts } = await detector.step({
      patient: 'p-1',
      time: Date.UTC(2026, 0, 1) + second * 1000,
      complete: true,
      values: { hr: 72, spo2, resp: 14 },
    })
    for (const { phase, label } of alerts) console.log(second, phase, label)
  }
  console.log(detector.watching)
} finally {
  await detector.close()
}
