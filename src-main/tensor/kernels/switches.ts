/** The fast kernels, by name: each can be turned off, and then its portable twin made of tfjs operations runs. */
export const kernelNames = [
  'product',
  'rows',
  'likelihood',
  'adam',
  'unary',
  'groups',
  'top',
  'bounds',
  'noise',
  'pairs',
] as const
export type KernelName = (typeof kernelNames)[number]

/** `CAUSEWAY_KERNELS_OFF`: names separated by commas, or `all`. What names no kernel is warned of, for then one is not off that should be. */
function parse(text: string): Set<KernelName> {
  const named = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const known: readonly string[] = kernelNames
  const unknown = named.filter((name) => name !== 'all' && !known.includes(name))
  if (unknown.length > 0)
    process.emitWarning(
      `CAUSEWAY_KERNELS_OFF: there is no kernel ${unknown.join(', ')}, only ${known.join(', ')} and all.`,
    )
  return new Set(named.includes('all') ? kernelNames : kernelNames.filter((name) => named.includes(name)))
}

let off = parse(process.env['CAUSEWAY_KERNELS_OFF'] ?? '')

/** Whether a kernel is wanted; whether it is there is another question. */
export const isWanted = (name: KernelName): boolean => !off.has(name)

/** Turns exactly these kernels off, for comparisons of the two ways. */
export function turnOff(names: readonly KernelName[]): void {
  off = new Set(names)
}
