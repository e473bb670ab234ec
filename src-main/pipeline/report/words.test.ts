import { expect, test } from 'vitest'
import { duration } from './words'

test.each([
  [0.04, '0.0 s'],
  [12.5, '12.5 s'],
  [59.97, '1 min 0 s'],
  [185.2, '3 min 5 s'],
  [239.7, '4 min 0 s'],
  [3599.8, '1 h 0 min'],
  [7500, '2 h 5 min'],
])('%d seconds read %s', (seconds, words) => expect(duration(seconds)).toBe(words))
