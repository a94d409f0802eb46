import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds that the long files take, by their paths; what is not there is short, or new. */
const durationsS = JSON.parse(readFileSync(new URL('durations.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, number>
>;

/**
 * Unit tests first, which say in a minute what is wrong, then the longest files: what is left at the end are short ones, so
 * that no worker waits for another that has just begun a long file.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const durationOf = ({ moduleId }: TestSpecification) => durationsS[relative(this.ctx.config.root, moduleId)] ?? 0;
    const isUnit = ({ project }: TestSpecification) => Number(project.name === 'unit');
    return files.toSorted((left, right) => isUnit(right) - isUnit(left) || durationOf(right) - durationOf(left));
  }
}
