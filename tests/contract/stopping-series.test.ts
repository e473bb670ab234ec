import { expect, test } from 'vitest'
import { methods } from '../../src-main/methods/registry'

/** What the Train view marks as the best epoch so far rests on names: of series, of a parameter and of its values. */
test('early stopping of every method goes by series that it reports, whatever the parameter that decides', () => {
  for (const { info } of methods) {
    const { stopsBy, series, params } = info
    if (stopsBy === undefined) continue
    if (typeof stopsBy === 'object') {
      const decides = params.find(({ key }) => key === stopsBy.param)
      const values = decides?.type === 'choice' ? decides.choices.map(({ value }) => value) : []
      expect(values.length, info.id).toBeGreaterThan(0)
      expect(Object.keys(stopsBy.byValue), info.id).toEqual(expect.arrayContaining(values))
    }
    const named = typeof stopsBy === 'string' ? [stopsBy] : Object.values(stopsBy.byValue).flat()
    expect(
      series.map(({ id }) => id),
      info.id,
    ).toEqual(expect.arrayContaining(named))
  }
})
