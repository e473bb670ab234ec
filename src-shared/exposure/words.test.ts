import { describe, expect, it } from 'vitest'
import type { JudgedCheck } from '../domain/exposure'
import {
  effectMeaning,
  effectText,
  exposureVerdict,
  meanEffectText,
  sampleText,
  segmentEffectMeaning,
  uncheckedText,
} from './words'

const check = (change: Partial<JudgedCheck> = {}): JudgedCheck => ({
  users: 1204,
  heldOutItems: 12.3,
  logLikelihood: -0.2,
  popularityLogLikelihood: -0.25,
  pValue: 0.43,
  usersAreNew: true,
  ...change,
})

describe('the verdict on an exposure model', () => {
  it('passes between 0.1 and 0.9, both included', () => {
    for (const pValue of [0.1, 0.43, 0.9]) expect(exposureVerdict(check({ pValue })).passed).toBe(true)
    for (const pValue of [0, 0.0999, 0.9001, 1]) expect(exposureVerdict(check({ pValue })).passed).toBe(false)
    expect(exposureVerdict(check()).headline).toBe('The exposure model passes its check, p 0.43')
  })

  it('says what is wrong at either end, and what it means for the effects', () => {
    const low = exposureVerdict(check({ pValue: 0.004 }))
    expect(low.headline).toContain('p < 0.01')
    expect(low.meaning).toContain('it misses something')
    expect(low.meaning).toContain('associations')
    expect(exposureVerdict(check({ pValue: 0.97 })).meaning).toContain('too vague')
  })

  it('says of a low p-value of users it learned from how to get a check that can be passed', () => {
    const known = exposureVerdict(check({ pValue: 0.004, usersAreNew: false }))
    expect(known.passed).toBe(false)
    expect(known.headline).toContain('fails its check, p < 0.01')
    expect(known.meaning).toContain('“Split by: Users”')
    expect(known.meaning).toContain('associations')
    expect(known.meaning).not.toContain('latent dimensions')
    // A model that is too vague is so whoever it is checked with.
    const vague = check({ pValue: 0.97 })
    expect(exposureVerdict({ ...vague, usersAreNew: false })).toEqual(exposureVerdict(vague))
    expect(exposureVerdict(check({ pValue: 0.004 })).meaning).not.toContain('Split by')
  })

  it('shows on which side of the limit a p-value lies', () => {
    expect(exposureVerdict(check({ pValue: 0.0968 })).headline).toContain('fails its check, p 0.0968')
    expect(exposureVerdict(check({ pValue: 0.1021 })).headline).toContain('passes its check, p 0.1021')
  })

  it('says where the model knows no more than how often items are shown', () => {
    expect(exposureVerdict(check()).meaning).not.toContain('no better')
    expect(exposureVerdict(check({ logLikelihood: -0.25 })).meaning).toContain('no better')
  })
})

it('a run without a check says whether one is to come, and else why there is none', () => {
  expect(uncheckedText('running')).toContain('is said here once it is')
  expect(uncheckedText('completed')).toContain('no user has held-out exposures')
  expect(uncheckedText('cancelled')).toContain('the training ended before')
})

describe('effects in words', () => {
  it('have a sign and three digits', () => {
    expect([0.03123, -1.2345, 0, 123.4, 4e-12, Number.NaN].map((effect) => effectText(effect))).toEqual([
      '+0.0312',
      '−1.23',
      '0',
      '+123',
      '+4.00e-12',
      '–',
    ])
  })

  it('have as many digits as their standard error supports', () => {
    expect(meanEffectText(0.03123, 0.0041)).toBe('+0.0312 ± 0.0041')
    expect(meanEffectText(-1.2, 0.35)).toBe('−1.20 ± 0.35')
    expect(meanEffectText(0.03123, null)).toBe('+0.0312')
    expect(meanEffectText(0.25, 0)).toBe('+0.250 ± 0.000')
    expect(meanEffectText(-0.0068714, 0.0000083)).toBe('−0.006871 ± 0.000008')
    expect(meanEffectText(-0.0068714, 0.0000002)).toBe('−0.006871 ± < 0.000001')
  })

  it('say whom they are for', () => {
    expect(effectMeaning('rating', null)).toContain('(ATE)')
    expect(effectMeaning('log-odds', 'u7')).toContain('user u7')
    expect(segmentEffectMeaning('rating')).toContain('predicted rating')
    expect(segmentEffectMeaning('log-odds')).toContain('log-odds')
  })

  it('say how users were drawn, where they were', () => {
    const sample = { most: 200, seed: 0 }
    expect(sampleText({ segments: [{ label: 'a', users: 300, sampled: 200 }], sample })).toContain('at most 200')
    expect(sampleText({ segments: [{ label: 'a', users: 30, sampled: 30 }], sample })).toContain('all users')
    const pair = { label: 'a', users: 30, sampled: 30 }
    expect(sampleText({ segments: [pair], sample })).not.toContain('one user')
    expect(sampleText({ segments: [pair, { label: 'b', users: 1, sampled: 1 }], sample })).toContain(
      'A segment of one user has no standard error',
    )
  })
})
