/**
 * The script that stands in for Electron inside a page: it runs the built preload with a `require` that knows electron
 * and nothing else, as a sandboxed preload has it. Everything to main goes through the binding `standInPost`.
 */
export const preloadHost = (preload: string): string => `
if (window === window.top) {
  const listeners = new Map()
  const ports = new Map()
  const post = window.standInPost
  // A message for a page that has been left does not reach the next one.
  const documentId = crypto.randomUUID()
  const ipcRenderer = {
    once: (channel, listener) => void listeners.set(channel, listener),
    send: (channel, ...parameters) => void post({ type: 'ipc', url: location.href, document: documentId, channel, parameters }),
  }
  const contextBridge = {
    exposeInMainWorld(name, api) {
      // The bridge clones what passes it and hands out functions only as copies.
      const copy = Object.fromEntries(Object.entries(api).map(([key, value]) => [key, typeof value !== 'function' ? structuredClone(value)
        : (...values) => { value(...values.map((entry) => typeof entry === 'function' ? entry : structuredClone(entry))) }]))
      Object.defineProperty(window, name, { value: Object.freeze(copy), enumerable: true })
      ;(window.standInExposed ??= []).push(name)
    },
  }
  window.standInReceive = {
    postMessage(receiver, channel, message, portIds) {
      if (receiver !== documentId) return
      const given = portIds.map((id) => {
        const { port1, port2 } = new MessageChannel()
        port2.onmessage = (event) => void post({ type: 'port', port: id, message: event.data })
        ports.set(id, port2)
        return port1
      })
      const listener = listeners.get(channel)
      listeners.delete(channel)
      listener?.({ ports: given }, message)
    },
    port: (id, message) => void ports.get(id)?.postMessage(message),
    portClosed(id) {
      if (!ports.has(id)) return
      ports.get(id).close()
      ports.delete(id)
      ;(window.standInClosedPorts ??= []).push(id)
    },
  }
  const require = (name) => {
    if (name !== 'electron') throw new Error('A sandboxed preload cannot require ' + name)
    return { contextBridge, ipcRenderer }
  }
  const module = { exports: {} }
  ;((require, module, exports) => {
${preload}
  })(require, module, module.exports)
}
`
