// Names that build.mjs provides while bundling.

/** The module of the entry: its bytes as a Latin-1 string (inline), or a function that gives its address (slim). */
declare module "everwire:module" {
  const source: string & (() => URL);
  export default source;
}

/** The version in package.json. */
declare const EVERWIRE_VERSION: string;
