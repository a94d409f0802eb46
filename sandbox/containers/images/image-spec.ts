/** `official`: the vendor's image; `built`: the same engine, built here; `compatible`: another implementation. */
export type ImageOrigin = (typeof imageOrigins)[number];

export const imageOrigins = ['official', 'built', 'compatible'] as const;

/** Which origins may be used. `built` includes the compatible stand-in where no build of the engine exists. */
export type ImagePolicy = (typeof imagePolicies)[number];

export const imagePolicies = ['auto', 'official', 'built'] as const;

/** The vendor's image. */
export interface OfficialImage {
  /** Pinned reference with its tag, for example `redis:8.10`. */
  readonly reference: string;
  /** `sha256:...` of the manifest, once known. */
  readonly digest?: string;
}

/** An image that is built here. */
export interface LocalImage {
  readonly origin: Exclude<ImageOrigin, 'official'>;
  /** Folder with a `Dockerfile` whose `ARG BASE_IMAGE` names the base image. */
  readonly contextDirectory: string;
  /** Values for `ARG`s of the Dockerfile beside `BASE_IMAGE`. Default: none. */
  readonly buildArguments?: Readonly<Record<string, string>>;
  /** What is in it, for people: `PostgreSQL 17 with pgvector and PostGIS`. */
  readonly description: string;
}

/** What is there of both; of one that is not, why, as a clause: `no official image has both pgvector and PostGIS`. */
type Sources =
  | {
      readonly official: OfficialImage;
      readonly local: LocalImage;
      readonly noOfficial?: never;
      readonly noLocal?: never;
    }
  | { readonly official: OfficialImage; readonly noLocal: string; readonly local?: never; readonly noOfficial?: never }
  | { readonly local: LocalImage; readonly noOfficial: string; readonly official?: never; readonly noLocal?: never };

/** Where an engine's image comes from: the vendor, a build here, or either. */
export type ImageSpec = Sources & {
  /** Name in `SANDBOX_<ENGINE>_IMAGE`, in upper case, for example `POSTGRESQL`. */
  readonly variable: string;
};

/** An image that is present and may be started. */
export interface ResolvedImage {
  readonly reference: string;
  /** Image id or manifest digest, `sha256:...`. */
  readonly digest: string;
  readonly origin: ImageOrigin;
}
