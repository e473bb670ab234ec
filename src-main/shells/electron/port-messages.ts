/** What preload and main say to each other besides the contract: a page asks for its port and gets it. */
export const portMessages = { connect: 'causeway:connect', port: 'causeway:port' } as const
