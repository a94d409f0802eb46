import type { Random } from '../../../../seeds/random/random.ts';
import { hostileJson, hostileNames } from './hostile-texts.ts';

type Place = readonly (string | number)[];

/** A value that is written as it is, in the place of another. */
const mark = '@raw@';

/** Another JSON text than this one, in one place: of another type, size or depth, there twice, or no more. */
export function mutateJson(text: string, random: Random): string {
  const value: unknown = JSON.parse(text);
  const place = random.pick(placesIn(value));
  const raw = random.chance(0.5) ? random.pick(hostileJson) : JSON.stringify(random.pick(hostileNames));
  const act = random.int(6);
  const changed = changedAt(value, place, (found) => {
    if (act === 0) return undefined;
    if (act === 1 && Array.isArray(found)) return [...found, ...found];
    if (act === 2 && Array.isArray(found)) return found.toReversed().slice(1);
    if (act === 3 && typeof found === 'object' && found !== null)
      return { ...found, [random.pick(hostileNames)]: mark };
    if (act === 4 && typeof found === 'number') return -found - 1;
    return mark;
  });
  return (JSON.stringify(changed) ?? '').replace(JSON.stringify(mark), () => raw);
}

function placesIn(value: unknown, at: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [at, ...entries.flatMap(([name, each]) => placesIn(each, [...at, name]))];
}

/** Without the value where `change` makes nothing of it. */
function changedAt(value: unknown, [first, ...rest]: Place, change: (found: unknown) => unknown): unknown {
  if (first === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.flatMap((each: unknown, index) => {
      const kept = index === first ? changedAt(each, rest, change) : each;
      return kept === undefined ? [] : [kept];
    });
  }
  const record = value as Readonly<Record<string, unknown>>;
  const { [String(first)]: found, ...others } = record;
  const kept = changedAt(found, rest, change);
  return kept === undefined ? others : { ...record, [String(first)]: kept };
}
