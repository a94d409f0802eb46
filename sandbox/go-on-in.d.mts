/** Whether what this process runs has the signal as well, from their terminal. */
export function isSentToAll(signal: NodeJS.Signals): boolean;
