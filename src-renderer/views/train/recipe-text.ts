import type { DatasetManifest } from '../../../src-shared/domain/dataset'
import type { ParamValues } from '../../../src-shared/params/params'
import { formatNumber, formatPercent } from '../../format'

/** The recipe in one sentence: what counts as positive and how it is split. */
export function recipeText(recipe: ParamValues, dataset: Pick<DatasetManifest, 'hasRatings' | 'hasTimes'>): string {
  const positives = dataset.hasRatings
    ? `Ratings from ${formatNumber(Number(recipe.threshold))} count as positive`
    : 'Every interaction counts as positive'
  const core = Number(recipe.kCore) > 0 ? `, ${formatNumber(Number(recipe.kCore))}-core` : ''
  const validation = Number(recipe.validationShare)
  if (recipe.splitBy === 'randomised')
    return `${positives}${core}. What was shown at random is test; of what each user chose, ${formatPercent(validation, 0)} are validation, the rest train, split seed ${recipe.splitSeed}.`
  const test = Number(recipe.testShare)
  const shares = [1 - validation - test, validation, test].map((share) => formatPercent(share, 0).replace(' %', ''))
  if (recipe.splitBy === 'users')
    return `${positives}${core}. Users are split ${shares.join(' / ')} % into train, validation and test, at random, split seed ${recipe.splitSeed}; of the latter two a fifth of each user's is held out, and the rest is shown to the model.`
  const order = recipe.splitBy === 'time' ? 'by time, the latest as test' : `at random, split seed ${recipe.splitSeed}`
  return `${positives}${core}. Each user's are split ${shares.join(' / ')} % into train, validation and test, ${order}.`
}
