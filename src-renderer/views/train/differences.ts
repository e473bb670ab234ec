import type { MethodInfo } from '../../../src-shared/domain/method'
import { recipeSchema } from '../../../src-shared/domain/dataset'
import type { Knowledge } from '../../../src-shared/domain/knowledge'
import type { RunManifest } from '../../../src-shared/domain/run'
import type { ParamSchema, ParamValues } from '../../../src-shared/params/params'
import { knowledgeText } from '../../graph/knowledge-text'
import { valueText } from '../../components/param-text'

/** What the form stands at. */
export interface TrainForm {
  method: Pick<MethodInfo, 'id' | 'label' | 'params'>
  params: ParamValues
  recipe: ParamValues
  seed: number
  /** What is known of the graph. */
  knowledge: Knowledge | null
  /** `auto` leaves the choice to the probe and so never differs. */
  backend: string
}

export interface Difference {
  label: string
  run: string
  form: string
}

function compare(schema: ParamSchema, run: ParamValues, form: ParamValues): Difference[] {
  return schema
    .filter((spec) => (run[spec.key] ?? spec.default) !== (form[spec.key] ?? spec.default))
    .map((spec) => ({
      label: spec.label,
      run: valueText(spec, run[spec.key] ?? spec.default),
      form: valueText(spec, form[spec.key] ?? spec.default),
    }))
}

const knowledgeOf = (known: Knowledge | null): string =>
  known ? JSON.stringify([known.required, known.forbidden, known.tiers]) : ''
const knowledgeWords = (known: Knowledge | null): string => (known ? `${known.name}: ${knowledgeText(known)}` : 'none')

/** Where the form says something else than the run on display was started with: what the run shows does not speak of those values. */
export function differences(run: RunManifest, form: TrainForm, labelOf: (method: string) => string): Difference[] {
  const found: Difference[] = []
  if (run.method !== form.method.id) found.push({ label: 'Method', run: labelOf(run.method), form: form.method.label })
  else found.push(...compare(form.method.params, run.params, form.params))
  found.push(...compare(recipeSchema, run.recipe, form.recipe))
  if (run.seed !== form.seed) found.push({ label: 'Seed', run: String(run.seed), form: String(form.seed) })
  if (knowledgeOf(run.knowledge) !== knowledgeOf(form.knowledge))
    found.push({ label: 'Knowledge', run: knowledgeWords(run.knowledge), form: knowledgeWords(form.knowledge) })
  if (form.backend !== 'auto' && run.backend !== form.backend)
    found.push({ label: 'Backend', run: run.backend, form: form.backend })
  return found
}
