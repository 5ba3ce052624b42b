// The loader of the inline entries: the module's bytes travel in the bundle, and compile when first needed. An import on
// a server or on a page that never opens a socket costs nothing, and a policy error surfaces where a socket is made.
import source from "everwire:module";
import { compile, exportsOf } from "./instance.js";

let exports: unknown;

/** The exports of this entry's module. `E` is `typeof import("../generated/NAME.js")`. */
export function wasm<E>(): E {
  return (exports ??= exportsOf(compile(Uint8Array.from(source, (char) => char.charCodeAt(0))))) as E;
}
