import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours for one stream: none with `NO_COLOR` or away from a terminal, unless `FORCE_COLOR` asks for them. */
export function colorsFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): Colors {
  return pc.createColors(wantsColor(stream, environment));
}

function wantsColor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return false;
  if (environment.FORCE_COLOR !== undefined) return environment.FORCE_COLOR !== '0';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}
