import type { Secrets } from '../../engines/contract/topology.ts';

/** A text without these passwords, as they are and as they are in addresses. */
export function withoutSecrets(text: string, secrets: Secrets): string {
  const forms = Object.values(secrets).flatMap((secret) => [secret, secret.trim(), encodeURIComponent(secret)]);
  // The longest first: one may be a part of another.
  const shown = [...new Set(forms)].filter((form) => form !== '').toSorted((one, other) => other.length - one.length);
  return shown.reduce((clean, form) => clean.replaceAll(form, '***'), text);
}
