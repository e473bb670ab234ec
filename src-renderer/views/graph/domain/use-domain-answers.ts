import { onScopeDispose, shallowRef, watch } from 'vue'
import type { DomainGraph } from '../../../../src-shared/domain/domain-graph'
import { analyzeDomainGraph } from '../../../../src-shared/graph/dag/analyze'
import type { DomainAnswers } from '../../../../src-shared/graph/dag/answers'

/**
 * What the graph says, read anew after every change: in the frame after it, so that typing is never waited for. Changes within a
 * frame are answered once.
 */
export function useDomainAnswers(graph: () => DomainGraph, available: () => readonly string[]) {
  const answers = shallowRef<DomainAnswers | null>(null)
  let frame: number | null = null
  function ask(): void {
    frame ??= requestAnimationFrame(() => {
      frame = null
      answers.value = analyzeDomainGraph(graph(), { available: available() })
    })
  }
  watch([graph, available], ask, { immediate: true })
  onScopeDispose(() => {
    if (frame !== null) cancelAnimationFrame(frame)
  })
  return answers
}
