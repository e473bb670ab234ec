/** Backends, best first: the order in which the probe tries them. */
export const backendIds = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const
export type BackendId = (typeof backendIds)[number]

/** What the probe found out about one backend, by really running a product on it. */
export interface BackendReport {
  id: BackendId
  usable: boolean
  /** Device and version where usable; otherwise what was tried and why it was passed over. */
  detail: string
  /** What the user can do to get it; null where nothing is missing. */
  advice: string | null
  /** Runs on real hardware rather than a software renderer. A software device is never chosen by itself. */
  accelerated: boolean
  probeMilliseconds: number
}

/** The probe's result: what there is and what a job gets when it asks for nothing. */
export interface BackendProbe {
  reports: BackendReport[]
  chosen: BackendId
}

/** `causeway doctor` and the Settings page. */
export interface DoctorReport {
  causeway: string
  node: string
  electron: string | null
  platform: string
  cpuCores: number
  memoryBytes: number
  workspace: string
  backends: BackendProbe
  tools: { name: string; found: boolean; detail: string; advice: string | null }[]
}
