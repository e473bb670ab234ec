import { BrowserWindow, ipcMain, MessageChannelMain, type IpcMainEvent, type MessagePortMain } from 'electron'
import { connectWindow, type Services } from '../connect-window'
import { portMessages } from './port-messages'

/**
 * Hands each page of the workbench a port of its own and serves the contract over it. A page that loads again asks
 * again; its former port is closed.
 * @param isOurs tells whether an address belongs to the workbench
 */
export function servePorts(services: Services, isOurs: (url: string) => boolean): void {
  const ports = new Map<number, MessagePortMain>()
  ipcMain.on(portMessages.connect, (event) => {
    const frame = senderFrame(event, isOurs)
    if (!frame) return
    ports.get(event.sender.id)?.close()
    const { port1, port2 } = new MessageChannelMain()
    ports.set(event.sender.id, port1)
    const disconnect = connectWindow(
      {
        post: (message) => port1.postMessage(message),
        on: (listener) => {
          port1.on('message', (message) => listener(message.data))
          port1.start()
        },
      },
      services,
      () => port1.close(),
    )
    port1.once('close', () => {
      disconnect()
      if (ports.get(event.sender.id) === port1) ports.delete(event.sender.id)
    })
    frame.postMessage(portMessages.port, null, [port2])
  })
}

/** The frame that sent the message, if it is the main frame of one of our windows and shows our page; null otherwise. */
function senderFrame(event: IpcMainEvent, isOurs: (url: string) => boolean): IpcMainEvent['senderFrame'] {
  const frame = event.senderFrame
  if (!frame || frame.parent !== null || !isOurs(frame.url)) return null
  return BrowserWindow.fromWebContents(event.sender) ? frame : null
}
