import { readFile } from 'node:fs/promises';
import tls from 'node:tls';

/** Variables by which programs are told to trust more, or other, certificates than the system does. */
const variables = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] as const;

/**
 * The certificates that this machine trusts, as PEM, each once: its store's, and those of the files that the usual
 * variables name. Behind a proxy that inspects TLS, a build must trust them too.
 */
export async function hostCertificates(): Promise<string> {
  const files = [...new Set(variables.map((name) => process.env[name]).filter((path) => path !== undefined))];
  const texts = await Promise.all(files.map((path) => readFile(path, 'utf8').catch(() => '')));
  const named = texts.join('\n').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const system = tls.getCACertificates('system');
  const trusted = [...(system.length > 0 ? system : tls.getCACertificates('bundled')), ...named];
  // The same certificate may be wrapped at another column.
  const unique = new Map(trusted.map((text) => [text.replaceAll(/\s/g, ''), text.trim()]));
  return [...unique.values(), ''].join('\n');
}
