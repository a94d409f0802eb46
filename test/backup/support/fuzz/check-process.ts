// Checks the archives that it is told of, one after the other, and says how each ended and the most memory that it took.
import { readFileSync, writeFileSync } from 'node:fs';
import { SandboxError } from '../../../../sandbox/core/errors.ts';
import { checkOffline } from './offline-check.ts';
import { controls } from './offline-controls.ts';

/** How one archive ended. */
export interface Checked {
  /** `taken`, the code that it was refused with, or `INTERNAL` and what was thrown. */
  readonly outcome: string;
  readonly doors: readonly string[];
  /** Most that was in memory at once, in bytes. */
  readonly residentBytesMax: number;
}

const control = controls[process.argv[2] ?? ''];
const others = control === undefined ? {} : { [control.engine]: control.check };

process.on('message', async ({ file, staging }: { readonly file: string; readonly staging: string }) => {
  globalThis.gc?.();
  forgetPeak();
  const checked = await checkOffline(file, staging, others).then(
    (doors) => ({ outcome: 'taken', doors }),
    (thrown: unknown) => ({ outcome: outcomeOf(thrown), doors: [] }),
  );
  process.send?.({ ...checked, residentBytesMax: peakBytes() } satisfies Checked);
});

function outcomeOf(thrown: unknown): string {
  if (thrown instanceof SandboxError && thrown.code !== 'INTERNAL') return thrown.code;
  return `INTERNAL: ${thrown instanceof Error ? thrown.stack : String(thrown)}`;
}

/** The peak counts anew (proc(5), `/proc/pid/clear_refs`). */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere than on Linux the peak is that of the process so far.
  }
}

function peakBytes(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1_024;
  } catch {
    return process.resourceUsage().maxRSS * 1_024;
  }
}
