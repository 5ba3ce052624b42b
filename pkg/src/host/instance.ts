// Turns a compiled or compilable module into an instance. The modules import nothing, so this is all the glue there is.

/** Compiles at once; a Content-Security-Policy that forbids WebAssembly gets an error that names the cure. */
export function compile(bytes: BufferSource): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    throw explain(error);
  }
}

/** The instance's exports, typed by the caller from the generated declarations. */
export function exportsOf<E>(module: WebAssembly.Module): E {
  return new WebAssembly.Instance(module).exports as E;
}

/** Adds the cure to the errors browsers raise when a Content-Security-Policy forbids compilation. */
export function explain(error: unknown): unknown {
  if (!/unsafe-eval|Content.Security/i.test(String(error))) return error;
  return new Error("everwire: the Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to script-src", {
    cause: error,
  });
}
