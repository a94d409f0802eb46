/** Lines that only one of two texts has, marked `-` (there) and `+` (wanted), for people. */
export function differingLines(there: string, wanted: string): string {
  const thereLines = there.split('\n');
  const wantedLines = wanted.split('\n');
  const inThere = new Set(thereLines);
  const inWanted = new Set(wantedLines);
  return [
    ...thereLines.filter((line) => !inWanted.has(line)).map((line) => `- ${line}`),
    ...wantedLines.filter((line) => !inThere.has(line)).map((line) => `+ ${line}`),
  ].join('\n');
}
