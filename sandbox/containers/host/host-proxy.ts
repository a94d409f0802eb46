/** The proxy of this machine, as builds are told it: both spellings are in use. */
export function proxyVariables(environment: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  const given = names.flatMap((name) => {
    const value = environment[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  // In a build, the loopback address is the build's own: no proxy listens there.
  return Object.fromEntries(given.filter(([, value]) => !/^(https?:\/\/)?(127\.|localhost|\[::1\])/.test(value)));
}
