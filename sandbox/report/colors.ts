import pc from 'picocolors';
import { ownControl } from './terminal.ts';

const names = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const;

/** Colours whose control sequences `terminalText` knows as ours. */
export type Colors = Readonly<Record<(typeof names)[number], (text: string) => string>>;

/** Colours for one stream: none with `NO_COLOR` or away from a terminal, unless `FORCE_COLOR` asks for them. */
export function colorsFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): Colors {
  const palette = pc.createColors(wantsColor(stream, environment));
  return Object.fromEntries(
    names.map((name) => {
      const [open = '', close = ''] = palette[name]('\n').split('\n').map(own);
      return [name, (text: string) => `${open}${text}${close}`];
    }),
  ) as Colors;
}

function own(sequence: string): string {
  return sequence === '' ? '' : ownControl(sequence.slice('\u001b['.length));
}

function wantsColor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return false;
  if (environment.FORCE_COLOR !== undefined) return environment.FORCE_COLOR !== '0';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}
