import type { DomainAnswers } from '../../../../src-shared/graph/dag/answers'
import { edgeKey } from '../../../../src-shared/graph/dag/edit'
import { noMarks, type Marks } from './elements'
import type { ShownPath } from './use-domain-editor'

/** What the answers, and the path being shown, say of the elements on the canvas. */
export function marksOf(answers: DomainAnswers | null, path: ShownPath | null): Marks {
  if (!answers) return noMarks
  const ofClass = (...classes: string[]): Set<string> =>
    new Set(answers.edges.filter((one) => classes.includes(one.class)).map((one) => edgeKey(one.edge)))
  return {
    causal: ofClass('causal', 'both'),
    biasing: ofClass('biasing', 'both'),
    cycle: new Set((answers.cycle ?? []).map(edgeKey)),
    path: path && { variables: new Set(path.variables), edges: new Set(path.edges.map(edgeKey)) },
  }
}
