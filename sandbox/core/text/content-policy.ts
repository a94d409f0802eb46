import { sha256Of } from '../sha256-of.ts';

/** Content security policy (W3C, level 3) of a page that has these style sheets and nothing that is loaded or run. */
export function contentPolicy(styles: readonly string[]): string {
  const hashes = styles.map((style) => `'sha256-${sha256Of(style, 'base64')}'`);
  return `default-src 'none'; style-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'`;
}
