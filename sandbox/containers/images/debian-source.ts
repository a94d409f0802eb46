import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where packages come from on this machine. */
export interface DebianSource {
  /** URL of the archive. */
  readonly mirror: string;
  /** Proxy that apt is told to use for it, if any. */
  readonly proxy: string | undefined;
}

const standardMirror = 'http://deb.debian.org/debian';

/** Debian's mirror and proxy as apt has them here. The mirror is Debian's own where that of this machine cannot serve. */
export async function debianSource(): Promise<DebianSource> {
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(await readdir(folder).catch(() => [])).map((name) => join(folder, name))];
  const { execa } = await import('execa');
  const [texts, proxy] = await Promise.all([
    Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => ''))),
    execa('apt-config', ['shell', 'PROXY', 'Acquire::http::Proxy'], { reject: false, stdin: 'ignore' }),
  ]);
  return {
    mirror: mirrorIn(texts.join('\n')),
    // It prints PROXY='http://host:port', or nothing.
    proxy: /^PROXY='(.+)'$/m.exec(proxy.stdout ?? '')?.[1] ?? process.env.http_proxy,
  };
}

/**
 * The mirror that apt's source lists name, in either of their two forms. Ubuntu's cannot serve; and https needs
 * certificates that the base image does not have yet.
 */
export function mirrorIn(sources: string): string {
  const pattern = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(http:\/\/\S*\/debian)\/?(?:\s|$)/m;
  return pattern.exec(sources)?.[1] ?? standardMirror;
}
