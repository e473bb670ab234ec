import {
  countOf,
  steppedValue,
  valueAt,
  type Dimension,
  type SearchSpace,
} from '../../../src-shared/experiment/search-space'
import type { ParamValue, ParamValues } from '../../../src-shared/params/params'
import type { Rng } from '../../tensor/rng'

/** A setting that was tried. */
export interface Tried {
  params: ParamValues
  /** The objective, higher is better; null where the trial failed, which counts as the worst there is. */
  value: number | null
}

/** Share of the settings tried so far that count as good. */
const gamma = 0.25
const candidates = 24

/**
 * The next setting by the tree-structured Parzen estimator: Bergstra, Bardenet, Bengio and Kégl, "Algorithms for hyper-parameter
 * optimization", NIPS 2011, section 4. The settings tried are divided into the best quarter and the rest; for each parameter,
 * l is a density over the values of the former and g over those of the latter. 24 values are drawn from l, and the one with the
 * largest l / g is taken, which is the one of the largest expected improvement. As in the authors' hyperopt, each parameter's value
 * is chosen by itself.
 *
 * Numbers have a mixture of the prior, uniform over the range, and a Gaussian at each value tried, all of one weight, as wide as
 * the larger of the distances to its neighbours (section 4.2); on a logarithmic scale where the range is one, and with the mass
 * of a step for ranges with steps. A list has the prior count 1 for each of its values plus the times it was tried.
 * @param tried at least one
 */
export function proposeByTpe(space: SearchSpace, tried: readonly Tried[], rng: Rng): ParamValues {
  const ranked = [...tried].sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity) || 0)
  const good = Math.ceil(gamma * ranked.length)
  const valuesOf = (some: readonly Tried[], { key }: Dimension): ParamValue[] => some.map(({ params }) => params[key]!)
  return Object.fromEntries(
    space.map((dimension) => {
      const better = densityOf(dimension, valuesOf(ranked.slice(0, good), dimension))
      const worse = densityOf(dimension, valuesOf(ranked.slice(good), dimension))
      let best = { value: better.draw(rng), score: -Infinity }
      for (let c = 0; c < candidates; c++) {
        const value = c === 0 ? best.value : better.draw(rng)
        const score = better.density(value) / worse.density(value)
        if (score > best.score) best = { value, score }
      }
      return [dimension.key, best.value]
    }),
  )
}

/** A uniformly random value of a dimension, on its scale. */
export function randomValue(dimension: Dimension, rng: Rng): ParamValue {
  const count = countOf(dimension)
  if (count !== null && (dimension.kind === 'list' || !dimension.log)) return valueAt(dimension, rng.integer(count))
  const scale = scaleOf(dimension as Range)
  return scale.valueAt(scale.low + rng.uniform() * (scale.high - scale.low))
}

interface Density {
  draw(rng: Rng): ParamValue
  /** Up to a factor that is the same for all densities of the dimension; never 0. */
  density(value: ParamValue): number
}

function densityOf(dimension: Dimension, tried: ParamValue[]): Density {
  return dimension.kind === 'list' ? countDensity(dimension.values, tried) : parzenDensity(dimension, tried.map(Number))
}

function countDensity(values: ParamValue[], tried: ParamValue[]): Density {
  const weights = values.map((value) => 1 + tried.filter((other) => other === value).length)
  const total = values.length + tried.length
  return {
    draw: (rng) => {
      let rest = rng.uniform() * total
      for (const [at, weight] of weights.entries()) {
        rest -= weight
        if (rest < 0) return values[at]!
      }
      return values.at(-1)!
    },
    density: (value) => weights[values.indexOf(value)]! / total,
  }
}

type Range = Extract<Dimension, { kind: 'range' }>

/** The scale a range is searched on: positions from `low` to `high`, half a step beyond the ends where there are steps. */
function scaleOf({ min, max, log, step }: Range) {
  const to = log ? Math.log : (value: number): number => value
  const from = log ? Math.exp : (position: number): number => position
  const count = step === null ? null : Math.floor((max - min) / step + 1e-9) + 1
  const last = step === null ? max : min + (count! - 1) * step
  // Below min, a logarithmic scale may not reach 0.
  const below = (value: number): number => (log ? Math.max(value - step! / 2, value / 2) : value - step! / 2)
  return {
    low: to(step === null ? min : below(min)),
    high: to(step === null ? max : last + step / 2),
    to,
    valueAt(position: number): number {
      const value = from(position)
      // Six digits say all that a search can know, and read well.
      if (step === null) return Math.min(max, Math.max(min, Number(value.toPrecision(6))))
      return steppedValue(min, step, Math.min(count! - 1, Math.max(0, Math.round((value - min) / step))))
    },
    /** The positions that become `value`; null for a continuous range. */
    cellOf: (value: number): [number, number] | null =>
      step === null ? null : [to(value === min ? below(min) : value - step / 2), to(value + step / 2)],
  }
}

function parzenDensity(dimension: Range, tried: number[]): Density {
  const scale = scaleOf(dimension)
  const { low, high } = scale
  const width = high - low
  const centres = tried.map((value) => scale.to(value)).sort((a, b) => a - b)
  const narrowest = width / Math.min(100, centres.length + 2)
  const gaussians = centres.map((centre, at) => {
    const left = centre - (centres[at - 1] ?? low)
    const right = (centres[at + 1] ?? high) - centre
    const sd = Math.min(width, Math.max(narrowest, left, right))
    const below = normalCdf((low - centre) / sd)
    return { centre, sd, below, inside: normalCdf((high - centre) / sd) - below }
  })
  const components = gaussians.length + 1
  /** The share of the mixture below a position. */
  const cdf = (position: number): number =>
    ((position - low) / width +
      gaussians.reduce((sum, g) => sum + (normalCdf((position - g.centre) / g.sd) - g.below) / g.inside, 0)) /
    components
  const pdf = (position: number): number =>
    (1 / width + gaussians.reduce((sum, g) => sum + normalPdf((position - g.centre) / g.sd) / g.sd / g.inside, 0)) /
    components
  return {
    draw(rng) {
      const component = rng.integer(components)
      const gaussian = gaussians[component]
      if (!gaussian) return scale.valueAt(low + rng.uniform() * width)
      // The centre lies within and the width is at most the range's: one draw in three hits.
      for (;;) {
        const position = gaussian.centre + gaussian.sd * rng.normal()
        if (position >= low && position <= high) return scale.valueAt(position)
      }
    },
    density(value) {
      const cell = scale.cellOf(value as number)
      return cell ? cdf(cell[1]) - cdf(cell[0]) : pdf(scale.to(value as number))
    },
  }
}

const normalPdf = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)

/** The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 1964, 26.2.17). */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const tail =
    normalPdf(x) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return x >= 0 ? 1 - tail : tail
}
