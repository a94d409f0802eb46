/** A place in the write-ahead log, as the server writes it: `0/3000060`. */
export type LogPosition = string;

/** A stretch of the log that a restore has to read. */
export interface LogRange {
  readonly from: LogPosition;
  /** The first byte that is not needed. */
  readonly to: LogPosition;
  readonly fromTimeline: number;
  readonly toTimeline: number;
  /** `wal_segment_size` of the server. */
  readonly segmentBytes: number;
}

/** Bytes from the beginning of the log. */
export function bytesOf(position: LogPosition): bigint {
  const [high, low] = position.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/** Names of the files that a restore can read the log from: segments, and the histories of timelines. */
export function isLogFile(name: string): boolean {
  return isSegment(name) || /^[0-9A-F]{8}\.history$/.test(name);
}

function isSegment(name: string): boolean {
  return /^[0-9A-F]{24}$/.test(name);
}

/**
 * Timeline, and number from the beginning of the log. A name is three numbers of eight digits: the timeline, and two
 * that count up to 4 GB and on from there (PostgreSQL documentation, "WAL Internals").
 */
export function segmentOf(name: string, segmentBytes: number): { readonly timeline: number; readonly number: bigint } {
  const [timeline, high, low] = [name.slice(0, 8), name.slice(8, 16), name.slice(16)];
  const perFile = 2n ** 32n / BigInt(segmentBytes);
  return { timeline: Number.parseInt(timeline, 16), number: BigInt(`0x${high}`) * perFile + BigInt(`0x${low}`) };
}

/** Name of the segment that holds a position. */
export function segmentNameAt(position: LogPosition, timeline: number, segmentBytes: number): string {
  return nameOf(bytesOf(position) / BigInt(segmentBytes), timeline, segmentBytes);
}

function nameOf(number: bigint, timeline: number, segmentBytes: number): string {
  const perFile = 2n ** 32n / BigInt(segmentBytes);
  return [BigInt(timeline), number / perFile, number % perFile]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** Names of the segments of a range that none of the files holds. */
export function missingSegments(range: LogRange, files: readonly string[]): readonly string[] {
  const segments = files.filter(isSegment).map((name) => segmentOf(name, range.segmentBytes));
  const usable = segments.filter(({ timeline }) => timeline >= range.fromTimeline && timeline <= range.toTimeline);
  const there = new Set(usable.map(({ number }) => number));
  const size = BigInt(range.segmentBytes);
  const missing: string[] = [];
  const last = (bytesOf(range.to) - 1n) / size;
  for (let number = bytesOf(range.from) / size; number <= last; number += 1n) {
    if (!there.has(number)) missing.push(nameOf(number, range.toTimeline, range.segmentBytes));
  }
  return missing;
}
