export function electronBinary(): string | null
export function installedElectron(): string | null
export function noDisplayReason(): string | null
