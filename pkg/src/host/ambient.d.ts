// Names that build.mjs provides while bundling.

/** The module of the entry: its bytes as a Latin-1 string (inline), or a function that gives its address (slim). */
declare module "everwire:module" {
  const source: string & (() => URL);
  export default source;
}

/** The sockjs entry beside the one that is built, inline or slim: a file of its own, loaded when it is asked for. */
declare module "everwire:sockjs" {
  export const SockJS: import("../sockjs/types.js").Constructor;
  /** Slim entries only. */
  export const init: (() => Promise<void>) | undefined;
}

/** The version in package.json. */
declare const EVERWIRE_VERSION: string;
