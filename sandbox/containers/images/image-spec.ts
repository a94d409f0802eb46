/** `official`: the vendor's image; `built`: the same engine, built here; `compatible`: another implementation. */
export type ImageOrigin = (typeof imageOrigins)[number];

export const imageOrigins = ['official', 'built', 'compatible'] as const;

/** Which origins may be used. `built` includes the compatible stand-in where no build of the engine exists. */
export type ImagePolicy = 'auto' | 'official' | 'built';

/** Where an engine's image comes from. */
export interface ImageSpec {
  /** Name in `SANDBOX_<ENGINE>_IMAGE`, in upper case, for example `POSTGRESQL`. */
  readonly variable: string;
  readonly official: {
    /** Pinned reference with its tag, for example `redis:8.10`. */
    readonly reference: string;
    /** `sha256:...` of the manifest, once known. */
    readonly digest?: string;
    /** Why the official image cannot serve this engine, where it cannot: it is then never pulled. */
    readonly unsuitable?: string;
  };
  readonly local: {
    readonly origin: Exclude<ImageOrigin, 'official'>;
    /** Folder with a `Dockerfile` whose `ARG BASE_IMAGE` names the base image. */
    readonly contextDirectory: string;
    /** Values for `ARG`s of the Dockerfile beside `BASE_IMAGE`. Default: none. */
    readonly buildArguments?: Readonly<Record<string, string>>;
    /** What is in it, for people: `PostgreSQL 17 with pgvector and PostGIS`. */
    readonly description: string;
  };
}

/** An image that is present and may be started. */
export interface ResolvedImage {
  readonly reference: string;
  /** Image id or manifest digest, `sha256:...`. */
  readonly digest: string;
  readonly origin: ImageOrigin;
}
