import type { ExperimentFile } from '../../../src-shared/domain/experiment'
import { settingAt, settingKey, settingsOf, type SearchSpace } from '../../../src-shared/experiment/search-space'
import type { ParamValues } from '../../../src-shared/params/params'
import { Rng } from '../../tensor/rng'
import { proposeByTpe, randomValue, type Tried } from './tpe'

/** Settings that TPE draws at random before it has anything to learn from. */
const randomStarts = 10
const redraws = 100

/**
 * The setting of the next search trial of a method. Depends on the seed, the space and the trials so far alone: a search that is
 * taken up again goes on as if it had never stopped. No setting is proposed twice.
 * @param trials the trials the method gets in all, at most the settings of its space
 * @param tried the trials so far, in their order
 * @returns values of the searched parameters; null when there is none left to try
 */
export function propose(
  search: Pick<ExperimentFile['search'], 'strategy' | 'seed'>,
  space: SearchSpace,
  trials: number,
  tried: readonly Tried[],
): ParamValues | null {
  if (tried.length >= trials) return null
  const settings = settingsOf(space)
  const known = new Set(tried.map(({ params }) => settingKey(space, params)))
  if (settings !== null && known.size >= settings) return null
  if (search.strategy === 'grid') {
    if (settings === null) throw new RangeError('A grid has no continuous ranges.')
    return settingAt(space, gridPosition(search.seed, settings, trials, tried.length))
  }
  const rng = generatorOf(search.seed, tried.length)
  const random = (): ParamValues =>
    Object.fromEntries(space.map((dimension) => [dimension.key, randomValue(dimension, rng)]))
  const learned = search.strategy === 'tpe' && tried.length >= randomStarts
  for (let draw = 0; draw < 2 * redraws; draw++) {
    const setting = learned && draw < redraws ? proposeByTpe(space, tried, rng) : random()
    if (!known.has(settingKey(space, setting))) return setting
  }
  // Nearly everything has been tried: the next in the grid's order that has not.
  if (settings === null) return random()
  const from = Math.floor(rng.uniform() * settings)
  for (let step = 0; step < settings; step++) {
    const setting = settingAt(space, (from + step) % settings)
    if (!known.has(settingKey(space, setting))) return setting
  }
  return null
}

/** The generator of a trial: another one for every number, whatever the earlier ones drew. */
function generatorOf(seed: number, number: number): Rng {
  const root = Rng.seeded(seed)
  let generator = root.fork()
  for (let n = 0; n < number; n++) generator = root.fork()
  return generator
}

/** The whole grid in its order; where the budget is smaller, that many of its positions, drawn without repetition. */
function gridPosition(seed: number, settings: number, trials: number, number: number): number {
  if (trials >= settings) return number
  const rng = Rng.seeded(seed)
  const drawn = new Set<number>()
  while (drawn.size <= number) drawn.add(Math.floor(rng.uniform() * settings))
  return [...drawn][number]!
}
