/** The fast kernels, by name: each can be turned off, and then its portable twin made of tfjs operations runs. */
export const kernelNames = [
  'product',
  'rows',
  'likelihood',
  'adam',
  'unary',
  'groups',
  'top',
  'noise',
  'pairs',
] as const
export type KernelName = (typeof kernelNames)[number]

const parse = (text: string | undefined): Set<KernelName> => {
  const named = (text ?? '').split(',').map((name) => name.trim())
  return new Set(named.includes('all') ? kernelNames : kernelNames.filter((name) => named.includes(name)))
}

/** `CAUSEWAY_KERNELS_OFF`: names separated by commas, or `all`. */
let off = parse(process.env['CAUSEWAY_KERNELS_OFF'])

/** Whether a kernel is wanted; whether it is there is another question. */
export const isWanted = (name: KernelName): boolean => !off.has(name)

/** Turns exactly these kernels off, for comparisons of the two ways. */
export function turnOff(names: readonly KernelName[]): void {
  off = new Set(names)
}
