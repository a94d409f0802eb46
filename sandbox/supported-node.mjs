// Which Node the package runs on. Plain JavaScript without an import, so that any Node can read it.

/** What testcontainers, which starts every container, needs. As in `engines` of package.json. */
const oldest = [22, 22];

const { node } = process.versions;
const [major = 0, minor = 0] = node.split('.').map(Number);

/** What to say on an older Node, as one line; `undefined` on others. */
export const refusal =
  major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
    ? undefined
    : `The sandbox needs Node.js ${oldest.join('.')} or newer, and this is ${node}: install a newer one.`;
