/** Characters that mean nothing in an assignment of a shell, to dotenv libraries and to Compose. */
const plainValue = /^[A-Za-z0-9_./:@%+,=?*^[\]{}-]+$/;

/**
 * Variables as a `.env` file that shells, Compose and dotenv libraries read alike.
 * Values are bare where they can be, then in single quotes, then in double quotes. Only a value that holds both kinds
 * of quotes needs escapes, which dotenv libraries for Node.js keep as they stand while shells and Compose undo them.
 */
export function formatDotenv(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}

function quoted(value: string): string {
  if (plainValue.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  if (!/["\\$`]/.test(value)) return `"${value}"`;
  return `"${value.replaceAll(/["\\$`]/g, '\\$&')}"`;
}

/** Variables as `docker run --env-file` takes them: it knows no quotes, and keeps those that it finds. */
export function formatEnvFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
