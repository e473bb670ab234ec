import { defineStore } from 'pinia'
import { computed, shallowRef, watchEffect } from 'vue'
import { z } from 'zod'
import { backendIds } from '../../src-shared/domain/backend'
import { persistedRef } from './persisted'

export const themes = ['light', 'dark', 'system'] as const

/** What the analyst prefers; kept in this window's storage, not in the workspace. */
export const useSettingsStore = defineStore('settings', () => {
  const theme = persistedRef('causeway:theme', z.enum(themes), 'system')
  /** The backend new trainings ask for; `auto` leaves the choice to the probe. */
  const backend = persistedRef('causeway:backend', z.enum(['auto', ...backendIds]), 'auto')

  const systemDark = window.matchMedia('(prefers-color-scheme: dark)')
  const systemIsDark = shallowRef(systemDark.matches)
  systemDark.addEventListener('change', (event) => (systemIsDark.value = event.matches))

  const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'))
  watchEffect(() => document.documentElement.classList.toggle('dark', isDark.value))

  return { theme, backend, isDark }
})
