import { defineStore } from 'pinia'
import { request, useConnection } from '../client'
import { createSnapshot } from './snapshot'

/** Where the work is kept, and what it can run on. */
export const useWorkspaceStore = defineStore('workspace', () => {
  const info = createSnapshot(() => request('workspace:info', {}))
  const probe = createSnapshot((refresh: boolean) => request('backends:probe', { refresh }))
  const doctor = createSnapshot(() => request('system:doctor', {}))

  useConnection().onConnected(() => {
    void info.refresh()
    void probe.refresh(false)
  })

  return {
    info: info.value,
    infoError: info.error,
    probe: probe.value,
    probeError: probe.error,
    probing: probe.loading,
    refreshProbe: () => probe.refresh(true),
    doctor: doctor.value,
    doctorError: doctor.error,
    doctorLoading: doctor.loading,
    refreshDoctor: doctor.refresh,
  }
})
