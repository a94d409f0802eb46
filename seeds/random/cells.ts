import type { Levels } from '../entities.ts';

/** Values of one level: 0 to 5. */
export const levelCount = 6;

/** Cells of S×C×T. */
export const cellCount = levelCount * levelCount * levelCount;

export function levelsOfCell(cell: number): Levels {
  return {
    silicon: Math.floor(cell / (levelCount * levelCount)),
    consciousness: Math.floor(cell / levelCount) % levelCount,
    thinking: cell % levelCount,
  };
}

export function cellOfLevels(levels: Levels): number {
  return (levels.silicon * levelCount + levels.consciousness) * levelCount + levels.thinking;
}
