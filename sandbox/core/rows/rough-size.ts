/** Characters that a number takes as text, about, and what goes around each value. */
const numberBytes = 12;
const frameBytes = 8;

/** About how many bytes a row takes as text: enough to tell thousands of bytes from millions, in well under 1 us. */
export function roughBytes(row: object): number {
  let sizeBytes = frameBytes;
  for (const value of Object.values(row)) {
    if (typeof value === 'string') sizeBytes += value.length + frameBytes;
    else if (value instanceof Float32Array) sizeBytes += value.length * numberBytes;
    else if (typeof value === 'object' && value !== null) sizeBytes += roughBytes(value);
    else sizeBytes += numberBytes;
  }
  return sizeBytes;
}
