/** Duration for people: `840 us`, `12 ms`, `1.3 s`, `2 min 05 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0.9995) return `${Math.round(durationMs * 1_000)} us`;
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Microseconds for people: `840 us`, `1.28 ms`, `23.4 ms`, `1.3 s`. */
export function formatMicroseconds(durationUs: number): string {
  if (durationUs < 999.5) return `${Math.round(durationUs)} us`;
  if (durationUs < 9_995) return `${(durationUs / 1_000).toFixed(2)} ms`;
  if (durationUs < 99_950) return `${(durationUs / 1_000).toFixed(1)} ms`;
  return formatDuration(durationUs / 1_000);
}

/** Size for people, in powers of 1,024: `1.5 GiB`. */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const least = Math.floor(Math.log2(Math.max(1, sizeBytes)) / 10);
  // What would be rounded to 1,024 of a unit is one of the next.
  const power = Math.min(units.length - 1, least + (sizeBytes / 1_024 ** least >= 1_023.5 ? 1 : 0));
  const value = sizeBytes / 1_024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
