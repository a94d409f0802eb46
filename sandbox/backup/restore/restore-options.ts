import type { EngineName } from '../../engines/engine-names.ts';
import type { StackOptions } from '../../stack/stack-options.ts';

/** What is restored, where to, and what whoever restores has confirmed. */
export interface RestoreOptions
  extends Pick<
    StackOptions,
    'directory' | 'name' | 'ports' | 'images' | 'dockerInstall' | 'readyTimeoutMs' | 'progress' | 'signal'
  > {
  /**
   * Path of the archive, its name alone where it is one of the stack's own backups, or `s3://bucket/prefix/name`. With
   * `moment`, default: the newest of the stack that leads there.
   */
  readonly archive?: string;
  /**
   * The moment to restore, by the server's clock: what was acknowledged before it is there, and nothing that was begun
   * after it. Default: the archive's own.
   */
  readonly moment?: Date;
  /** With `moment`: engines that cannot be restored to it come from the archive, as it has them. Default: they are refused. */
  readonly nearest?: boolean;
  /** `restore`: beside the live data, which is not touched. `replace`: in its place. Default: `restore`. */
  readonly into?: 'restore' | 'replace';
  /** Says that the live data may be replaced; `replace` is refused without. Default: false. */
  readonly confirmed?: boolean;
  /**
   * Says that whoever made the archive is trusted: with being restored here though no known key has signed it, and with
   * the rights that it brings (`doors` of the report). Default: false.
   */
  readonly archiveTrusted?: boolean;
  /** Default: all that the archive has. */
  readonly engines?: readonly EngineName[];
  /** Location of the safety backup that `replace` takes first. Default: where backups of the stack go. */
  readonly safetyTo?: string;
  /**
   * Says that nothing was added, changed or removed before the backup: what differs from its dataset is then a failure of
   * the check. Default: false.
   */
  readonly strict?: boolean;
}
