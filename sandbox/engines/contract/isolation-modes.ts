import type { Isolation, IsolationMode } from './isolation.ts';

/** Every way in which an engine gives tests places, the default first. */
export function isolationModes(isolation: Isolation): readonly IsolationMode[] {
  return [isolation, ...(isolation.otherModes ?? [])];
}
