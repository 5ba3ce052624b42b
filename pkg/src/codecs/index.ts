// The codecs of the own API. Each is a function, so that a bundler drops the ones that are not used.

export { json } from "./json.js";
export { Ext, msgpack } from "./msgpack.js";
export { bytes, text } from "./raw.js";
export type { Codec, Encoded } from "./types.js";
