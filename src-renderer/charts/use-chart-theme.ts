import { computed, onScopeDispose, ref, type ComputedRef } from 'vue'
import { chartThemes, type ChartTheme } from './theme'

/** The window's theme, which is the class `dark` on the root element, for drawings that CSS does not reach. */
export function useChartTheme(): ComputedRef<ChartTheme> {
  const root = document.documentElement
  const dark = ref(root.classList.contains('dark'))
  const observer = new MutationObserver(() => (dark.value = root.classList.contains('dark')))
  observer.observe(root, { attributes: true, attributeFilter: ['class'] })
  onScopeDispose(() => observer.disconnect())
  return computed(() => chartThemes[dark.value ? 'dark' : 'light'])
}
