import { onScopeDispose, shallowRef, watch } from 'vue'
import type { DomainGraph } from '../../../../src-shared/domain/domain-graph'
import { analyzeDomainGraph } from '../../../../src-shared/graph/dag/analyze'
import type { DomainAnswers } from '../../../../src-shared/graph/dag/answers'

/** A graph that takes longer than this to read is read when the analyst pauses. */
const slowMs = 30
const pauseMs = 200

/**
 * What the graph says, read anew after every change: in the frame after it, so that typing is never waited for; a large graph once no
 * further change comes. `pending`: the answers are of the graph before the last change.
 */
export function useDomainAnswers(graph: () => DomainGraph, available: () => readonly string[]) {
  const answers = shallowRef<DomainAnswers | null>(null)
  const pending = shallowRef(false)
  let tookMs = 0
  let frame = 0
  let pause: ReturnType<typeof setTimeout> | undefined

  function read(): void {
    const before = performance.now()
    answers.value = analyzeDomainGraph(graph(), { available: available() })
    tookMs = performance.now() - before
    pending.value = false
  }
  function stop(): void {
    cancelAnimationFrame(frame)
    clearTimeout(pause)
  }
  function ask(): void {
    stop()
    pending.value = true
    if (tookMs > slowMs && answers.value) pause = setTimeout(read, pauseMs)
    else frame = requestAnimationFrame(read)
  }
  watch([graph, available], ask, { immediate: true })
  onScopeDispose(stop)
  return { answers, pending }
}
