import { createRequire } from 'node:module';

/** The standard's own where Node has it (from 24 on), so that what stands in for it is loaded by older ones alone. */
export const AsyncDisposableStack: typeof globalThis.AsyncDisposableStack =
  globalThis.AsyncDisposableStack ?? createRequire(import.meta.url)('disposablestack/AsyncDisposableStack/polyfill')();

export type AsyncDisposableStack = InstanceType<typeof globalThis.AsyncDisposableStack>;
