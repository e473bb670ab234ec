const standIn = new URL('./electron.mjs', import.meta.url).href

/** Module hook: whoever imports electron gets the stand-in. */
export const resolve = (specifier, context, next) =>
  specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context)
