import pc from 'picocolors';
import { ownControl } from './terminal.ts';

const names = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const;

type Palette = Readonly<Record<(typeof names)[number], (text: string) => string>>;

/** Colours whose control sequences `terminalText` knows as ours, and how wide the terminal is that they are for. */
export type Colors = Palette & {
  /** In columns. Absent: not a terminal, or nobody knows. */
  readonly width?: number;
};

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colours for one stream: none with `NO_COLOR` or away from a terminal, unless `FORCE_COLOR` asks for them. */
export function colorsFor(stream: Stream, environment: NodeJS.ProcessEnv = process.env): Colors {
  const palette = pc.createColors(wantsColor(stream, environment));
  const colors = Object.fromEntries(
    names.map((name) => {
      const [open = '', close = ''] = palette[name]('\n').split('\n').map(own);
      return [name, (text: string) => `${open}${text}${close}`];
    }),
  ) as Palette;
  return stream.isTTY === true && stream.columns ? { ...colors, width: stream.columns } : colors;
}

function own(sequence: string): string {
  return sequence === '' ? '' : ownControl(sequence.slice('\u001b['.length));
}

function wantsColor(stream: Stream, environment: NodeJS.ProcessEnv): boolean {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return false;
  if (environment.FORCE_COLOR !== undefined) return environment.FORCE_COLOR !== '0';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}
