import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { DatasetManifest } from '../../src-shared/domain/dataset'
import { request, useConnection } from '../client'
import { createSnapshot } from './snapshot'

/** The data sets of the workspace. */
export const useDatasetsStore = defineStore('datasets', () => {
  const { value: list, error, loading, refresh } = createSnapshot(() => request('data:list', {}))
  const connection = useConnection()
  connection.onConnected(() => void refresh())
  connection.on('data:changed', () => void refresh())

  const byName = computed(
    () => new Map<string, DatasetManifest>((list.value ?? []).map((dataset) => [dataset.name, dataset])),
  )

  async function remove(dataset: string): Promise<void> {
    await request('data:remove', { dataset })
    await refresh()
  }

  return { list, error, loading, refresh, byName, remove }
})
