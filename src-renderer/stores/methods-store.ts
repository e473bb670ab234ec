import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { MethodInfo } from '../../src-shared/domain/method'
import { request, useConnection } from '../client'
import { createSnapshot } from './snapshot'

/** The methods there are. They do not change while Causeway runs. */
export const useMethodsStore = defineStore('methods', () => {
  const { value: list, error, loading, refresh } = createSnapshot(() => request('train:methods', {}))
  useConnection().onConnected(() => void refresh())

  const byId = computed(() => new Map<string, MethodInfo>((list.value ?? []).map((method) => [method.id, method])))

  return {
    list,
    error,
    loading,
    refresh,
    byId,
    /** The method's name as shown; its id where the method is not installed. */
    labelOf: (id: string): string => byId.value.get(id)?.label ?? id,
  }
})
