import { describe, expect, it } from 'vitest'
import { noIntervention, type Intervention } from '../../src-shared/domain/intervention'
import { segmentEffectOf, userEffectOf } from '../testing/effects'
import {
  attributeQuantity,
  changesNothing,
  effectSentence,
  etaText,
  idsOf,
  interventionText,
  moveText,
  turnover,
  userSentence,
  zeroedRow,
} from './words'

const nameOf = (node: number): string => `c${node + 1}`
const withoutFirst: Intervention = {
  factors: [
    [1, 0, 0],
    [1, 1, 1],
    [1, 1, 1],
  ],
  holds: [],
}
const held: Intervention = { factors: null, holds: [{ node: 1, at: { kind: 'sd', sd: 1 } }] }

describe('interventions', () => {
  it('are told from none', () => {
    expect(changesNothing(noIntervention)).toBe(true)
    expect(changesNothing({ factors: [[1]], holds: [] })).toBe(true)
    expect(changesNothing(withoutFirst)).toBe(false)
    expect(changesNothing(held)).toBe(false)
  })

  it('are do(c) only where one outgoing row alone is zero', () => {
    expect(zeroedRow(withoutFirst)).toBe(0)
    expect(zeroedRow({ ...withoutFirst, holds: held.holds })).toBeNull()
    expect(
      zeroedRow({
        factors: [
          [1, 0.5],
          [1, 1],
        ],
        holds: [],
      }),
    ).toBeNull()
    expect(
      zeroedRow({
        factors: [
          [1, 0],
          [0, 1],
        ],
        holds: [],
      }),
    ).toBeNull()
  })

  it('are said with mask and held values', () => {
    expect(interventionText(noIntervention, nameOf)).toBe('nothing is changed')
    expect(interventionText({ ...withoutFirst, holds: held.holds }, nameOf)).toBe(
      'c1 acts on nothing (do(c1)); c2 held at +1.00 sd',
    )
  })
})

describe('the sentence of a segment', () => {
  const say = (change: number, intervention = withoutFirst, attribute: string | null = null): string =>
    effectSentence(segmentEffectOf(change), { intervention, nameOf, attribute })

  it('gives size, interval and population', () => {
    expect(say(1)).toBe('Without c1, the mean price of the top 10 rises by 1.0 (0.8 to 1.2), 20,256 users.')
    expect(say(-1)).toBe('Without c1, the mean price of the top 10 falls by 1.0 (0.8 to 1.2), 20,256 users.')
  })
  it('does not take for a change what cannot be told from none', () =>
    expect(say(0.1)).toBe(
      'Without c1, the mean price of the top 10 changes by +0.1 (−0.1 to +0.3), 20,256 users: not to be told from no change.',
    ))
  it('says that nothing changes', () => {
    expect(say(0)).toBe('Without c1, nothing changes: no score in any list moves, 20,256 users.')
    expect(say(0, noIntervention)).toBe(
      'Nothing is changed: these are the lists of the model as trained, 20,256 users.',
    )
  })
  it('spells out any other intervention, and is about the attribute chosen', () =>
    expect(say(1, held, 'popularity')).toBe(
      'Under this intervention (c2 held at +1.00 sd), the mean popularity of the top 10 stays exactly as it was, 20,256 users.',
    ))
  it('falls back from an attribute that is not there', () =>
    expect(attributeQuantity(segmentEffectOf(1).attributes, 'year')?.id).toBe('avp@10:price'))
})

describe('the sentence of a user', () => {
  it('tells lists from scores', () => {
    const same = userEffectOf('u1', [1, 2, 3])
    expect(userSentence(same, noIntervention)).toContain('as trained')
    expect(userSentence(same, withoutFirst)).toBe('No difference for user u1: no score moves.')
    expect(userSentence({ ...same, noDifference: false }, withoutFirst)).toBe('The scores change, the list does not.')
    expect(userSentence(userEffectOf('u1', [2, 1, 3]), withoutFirst)).toBe(
      'The same 3 items, 2 of them in another place.',
    )
    expect(userSentence(userEffectOf('u1', [1, 2, 9]), withoutFirst)).toBe('1 item of 3 is new.')
  })
  it('names what enters and leaves', () => {
    const { entering, leaving } = turnover(userEffectOf('u1', [2, 9, 1]))
    expect(entering.map(({ id }) => id)).toEqual(['9'])
    expect(leaving.map(({ id }) => id)).toEqual(['3'])
  })
  it('says moves by their way and size', () => {
    expect(moveText(4, 1)).toBe('up 3')
    expect(moveText(1, 2)).toBe('down 1')
    expect(moveText(2, 2)).toBe('same place')
  })
})

it('says the time to go in round words', () => {
  expect(etaText(0.4)).toBe('nearly done')
  expect(etaText(12.3)).toBe('about 12 s to go')
  expect(etaText(200)).toBe('about 3 min to go')
})

it('reads ids however they were pasted, each once', () =>
  expect(idsOf(' 12, 7\n12;a b\t9\n\n')).toEqual(['12', '7', 'a b', '9']))
