// The loader of the slim entries: the module is a file of its own that `init()` fetches. build.mjs puts it in the place
// of inline.ts.
import source from "everwire:module";
import { compile, explain, exportsOf } from "./instance.js";

/**
 * Where the module comes from: an address (`string` or `URL`), a `Response` or a promise of one, the bytes
 * (`ArrayBuffer` or a view), or a compiled `WebAssembly.Module`.
 */
export type InitSource = string | object;

let exports: unknown;
let loading: Promise<void> | undefined;

/** The exports of this entry's module; throws before {@link init} has finished. */
export function wasm<E>(): E {
  if (!exports) throw new Error("everwire: not initialised; `await init()` from the same slim entry first");
  return exports as E;
}

/**
 * Loads the module. Call it once before the first socket and await it; later calls return the same promise, whatever
 * their argument. After a failure the next call tries again.
 *
 * @param from default: the `.wasm` file beside this script. In Node give the bytes or a `WebAssembly.Module`.
 * @throws TypeError (as rejection) if the address cannot be fetched or answers with an error status
 */
export function init(from?: InitSource | Promise<InitSource>): Promise<void> {
  return (loading ??= load(from).catch((error: unknown) => {
    loading = undefined;
    throw explain(error);
  }));
}

async function load(from: InitSource | Promise<InitSource> = (source as () => URL)()): Promise<void> {
  let given = await from;
  if (typeof given === "string" || given instanceof URL) given = await fetch(given);
  if (typeof Response === "function" && given instanceof Response) {
    if (!given.ok) throw new TypeError(`everwire: the module at ${given.url} answered with status ${given.status}`);
    given = await given.arrayBuffer();
  }
  const module = given instanceof WebAssembly.Module ? given : await WebAssembly.compile(given as BufferSource);
  exports ??= exportsOf(module);
}
