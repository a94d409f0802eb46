/** The package carries no types. */
declare module 'cluster-key-slot' {
  /** Slot of a key, of which only what stands in braces counts where there is something in braces. */
  const slotOf: (key: string) => number;
  export = slotOf;
}
