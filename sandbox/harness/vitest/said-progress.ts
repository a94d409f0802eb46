import { stripVTControlCharacters } from 'node:util';
import type { ProgressListener } from '../../core/progress.ts';

/** A runner shows nothing while its setup goes on: so often, in milliseconds, this says what it is at. */
const everyMs = 5_000;

/** As much of a detail tells what it is. */
const detailMax = 100;

/** A listener, and what it says: nothing where all is over within {@link everyMs}. Disposing of it ends it. */
interface SaidProgress extends Disposable {
  readonly listener: ProgressListener;
}

/** Says every few seconds, a line each time, which steps go on, and warnings at once. */
export function saidProgress(say: (line: string) => void): SaidProgress {
  const beganMs = performance.now();
  const going = new Map<string, string>();
  const timer = setInterval(() => {
    if (going.size === 0) return;
    const seconds = Math.round((performance.now() - beganMs) / 1_000);
    say(`The stack is being started (${seconds} s): ${narrowest(going).join('; ')}`);
  }, everyMs).unref();
  return {
    listener(event) {
      if (event.kind === 'notice') {
        if (event.level === 'warning') say(shown(event.text));
        return;
      }
      const name = event.task.map(shown).join(' / ');
      if (event.kind === 'started') going.set(name, '');
      else if (event.kind === 'advanced') going.set(name, shown(event.text ?? ''));
      else going.delete(name);
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** A step that is at others of its own says less than they do. */
function narrowest(going: ReadonlyMap<string, string>): readonly string[] {
  const names = [...going.keys()];
  return names
    .filter((name) => !names.some((other) => other.startsWith(`${name} / `)))
    .map((name) => (going.get(name) === '' ? name : `${name}: ${going.get(name)}`));
}

/** The first line, without what programs write to move the cursor. */
function shown(text: string): string {
  const [line = ''] = stripVTControlCharacters(text)
    .trim()
    .split(/[\r\n]/, 1);
  return line.slice(0, detailMax);
}
