import type { Setting } from '../../catalogue/catalogue.ts';
import type { Reader } from '../../catalogue/sql-tokens.ts';

/** Of the session that the tool wrote for: nothing of it counts here. */
export function readSessionSetting(reader: Reader): void {
  reader.name();
  if (!reader.sign('=')) throw reader.wrong('=');
  readValue(reader);
}

export function readSearchPath(reader: Reader): void {
  reader.sign('.');
  reader.expect('SET_CONFIG');
  reader.sign('(');
  reader.text();
  reader.sign(',');
  reader.text();
  reader.sign(',');
  reader.expect('FALSE');
  reader.sign(')');
}

export function settingOf(reader: Reader, of: Pick<Setting, 'database' | 'role'>): Setting {
  const name = reader.name();
  reader.expect('TO');
  const values = [readValue(reader)];
  while (reader.sign(',')) values.push(readValue(reader));
  // One value stands as it is; a list is kept as the server keeps it.
  const value = values.length === 1 ? values[0] : values.map((each) => `"${each.replaceAll('"', '""')}"`).join(', ');
  return { ...of, name, value: value ?? '' };
}

export function readValue(reader: Reader): string {
  for (const read of [reader.text, reader.word, () => String(reader.number())]) {
    try {
      return read();
    } catch {
      // It is of another kind.
    }
  }
  throw reader.wrong('a value');
}
