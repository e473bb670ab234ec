import { parse, stringify } from 'devalue'

/** The WebSocket's codec: typed arrays, NaN and undefined survive. Ports and child processes use structured clone instead. */
export const encode = (message: unknown): string => stringify(message)
export const decode = (text: string): unknown => parse(text)
