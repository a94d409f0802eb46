/** A row in COPY's text form (PostgreSQL documentation, "COPY", "Text Format"). */
export function textRow(values: readonly unknown[]): string {
  let line = '';
  for (const value of values) line += line === '' ? copyText(value) : `\t${copyText(value)}`;
  return `${line}\n`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copyText(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Float32Array) return `[${value.join(',')}]`;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? '') : text;
}
