import { contextBridge, ipcRenderer } from 'electron'
import { portMessages } from './shells/electron/port-messages'

// The page gets one thing: a pipe for messages of the contract. Neither Electron nor a path nor a channel's name reaches it.
const port = new Promise<MessagePort>((resolve) => {
  ipcRenderer.once(portMessages.port, (event) => resolve(event.ports[0]!))
})
ipcRenderer.send(portMessages.connect)

contextBridge.exposeInMainWorld('causeway', {
  shell: 'electron',
  post: (message: unknown): void => void port.then((opened) => opened.postMessage(message)),
  on: (listener: (message: unknown) => void): void =>
    void port.then((opened) => {
      opened.onmessage = (event) => listener(event.data)
    }),
})
