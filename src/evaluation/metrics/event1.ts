import { drawnInterval, type Interval } from './bootstrap.ts'
import { fallingOrder } from './curves.ts'

/**
 * Event 1 of the PhysioNet/CinC Challenge 2012 (Silva et al., CinC 2012): the lesser of sensitivity and positive
 * predictivity. 0 where nobody is predicted to die, NaN where nobody dies.
 */
export function event1(predicted: ArrayLike<number | boolean>, died: ArrayLike<number>): number {
  let [hits, said, deaths] = [0, 0, 0]
  for (let i = 0; i < died.length; i++) {
    if (predicted[i]) said++
    deaths += died[i]!
    if (predicted[i] && died[i] === 1) hits++
  }
  if (deaths === 0) return Number.NaN
  return said === 0 ? 0 : Math.min(hits / deaths, hits / said)
}

/**
 * The score above which as many are predicted to die as died: at that many sensitivity and predictivity are equal, and
 * their lesser cannot be raised by moving.
 * @param scores [N] of patients whose model never saw them
 * @returns halfway between the last that is above and the first that is below
 */
export function thresholdAtPrevalence(scores: ArrayLike<number>, died: ArrayLike<number>): number {
  const order = fallingOrder(scores)
  let deaths = 0
  for (let i = 0; i < died.length; i++) deaths += died[i]!
  const above = scores[order[Math.max(0, deaths - 1)]!]!
  const below = scores[order[Math.min(order.length - 1, deaths)]!]!
  return (above + below) / 2
}

/** 95 % interval of Event 1 over patients. */
export function event1Interval(predicted: ArrayLike<number>, died: ArrayLike<number>): Interval {
  return drawnInterval(predicted, died, event1)
}
