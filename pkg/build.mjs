// Builds the npm package into dist/: one WebAssembly module and two bundles (inline, slim) per subpath, and the types.
//
//   node build.mjs [--only NAME[,NAME]]
//
// Steps per entry: cargo (profile `npm`, std built without panic texts) -> wasm-metadce (drops what
// JavaScript does not call, wasm-bindgen's own imports included) -> wasm-opt -> esbuild and terser twice. Afterwards the
// compiler checks all sources once and writes the .d.ts files. Cargo decides what is stale, the rest takes seconds.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { minify } from "terser";

const pkg = dirname(fileURLToPath(import.meta.url));
const root = dirname(pkg);
const dist = join(pkg, "dist");
const work = join(root, "target", "npm", "modules");
/** Stands for the module's text while esbuild works. */
const PLACEHOLDER = "everwire module";
const WASM_TARGET = "wasm32-unknown-unknown";
/**
 * Stack of a module, where the linker would reserve a megabyte. No function of any module calls itself, directly or through
 * others, and the frames of all functions of the largest one together take less than 10 KB.
 */
const STACK_BYTES = 32 * 1024;

/**
 * Every subpath of the package that has a module of its own. `subpath` is the key in package.json's `exports`, `feature`
 * the cargo feature that selects the exports of src/js, `source` the facade; its slim twin is src/slim/NAME.ts. `reserve`
 * are members that keep their names although they look private. `parts` are subpaths of JavaScript only.
 */
export const entries = [
  // Level "z" where it was measured to cost no time: a message passes neither module, or it takes the same with it.
  { name: "client", subpath: ".", feature: "__npm_client", source: "src/client/index.ts", level: "z" },
  { name: "websocket", subpath: "./websocket", feature: "__npm_websocket", source: "src/websocket/index.ts", level: "z" },
  {
    name: "stomp", subpath: "./stomp", feature: "__npm_stomp", source: "src/stomp/index.ts",
    // Members of messages, on which users set properties of their own.
    reserve: /^_(headers|body|binaryBody|view|head|escapes|decode|lines)$/,
  },
  {
    name: "stomp-connect", subpath: "./stomp/connect", feature: "__npm_stomp_connect", source: "src/stomp-connect/index.ts",
    // It would merge functions into one that takes a function of an exact type, which browsers do not have yet.
    skip: "merge-similar-functions",
    // The largest module, and parsing is not what its users wait for: 4 % less after compression.
    level: "z",
  },
  {
    name: "socket.io", subpath: "./socket.io", feature: "__npm_socketio", source: "src/socket.io/index.ts",
    // Members that users of socket.io-client touch, one of `ws`, and the marker of attachments on the wire. The second
    // line is ours, on objects that users hold: one letter instead could be a name that they set themselves.
    reserve: /^_(callbacks|dirty|retries|emit|sockets|receiver|dataListener|message|text|sink|direct|write|encode|decode|close|readyState|reconnecting|autoConnect|packet|destroy|queue|queueSeq|pid|lastOffset|opts|sendConnectPacket|pingTimeoutTime|hasPingExpired|transportsByName|poll|anyListeners|anyOutgoingListeners|socket|placeholder)$/,
    parts: [{ name: "socket.io-msgpack", source: "src/socket.io/msgpack.ts" }],
  },
  {
    name: "socket.io-policies", subpath: "./socket.io/policies", feature: "__npm_socketio_policies", source: "src/socket.io/policies.ts",
    // Of the socket's connection, which is another bundle.
    reserve: /^_hasPingExpired$/,
  },
  { name: "sockjs", subpath: "./sockjs", feature: "__npm_sockjs", source: "src/sockjs/index.ts" },
];

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));

async function main(args) {
  const only = args.includes("--only") ? args[args.indexOf("--only") + 1]?.split(",") : undefined;
  const unknown = only?.filter((name) => !entries.some((entry) => entry.name === name)) ?? [];
  if (unknown.length) fail(`unknown entry ${unknown.join(", ")}; one of ${entries.map((e) => e.name).join(", ")}`);
  const selected = entries.filter((entry) => (only ? only.includes(entry.name) : true));

  mkdirSync(work, { recursive: true });
  mkdirSync(join(dist, "slim"), { recursive: true });
  for (const entry of selected) {
    const wasm = moduleOf(entry);
    await bundle(entry, wasm);
    console.log(`${entry.name}: module ${readFileSync(wasm).length} B`);
  }
  types(only ? selected : entries);
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(root, licence), join(pkg, licence));
}

/** Compiles one entry's module and returns the path of the finished .wasm file. */
function moduleOf({ name, feature, skip, level = "s" }) {
  // A target folder per entry: with a shared one cargo would link anew whenever the features alternate.
  const target = join(root, "target", "npm", name);
  run("cargo", [
    "rustc", "--profile", "npm", "--target", WASM_TARGET, "--package", "everwire", "--lib",
    "--no-default-features", "--features", feature,
    "-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size",
    "--crate-type", "cdylib", "--", `-Clink-arg=-zstack-size=${STACK_BYTES}`,
  ], {
    cwd: root,
    env: {
      ...process.env,
      CARGO_TARGET_DIR: target,
      CARGO_PROFILE_NPM_OPT_LEVEL: level,
      // build-std and immediate-abort are unstable; the pinned stable toolchain accepts them with this switch. They take
      // a third off the module: no panic text and no unwinding tables are linked. Inlining on MIR, which `opt-level = "s"`
      // leaves out, takes another 3 % off, because LLVM then sees the small accessors of options and spans in place.
      RUSTC_BOOTSTRAP: "1",
      RUSTFLAGS: "-Zunstable-options -Cpanic=immediate-abort -Zinline-mir=yes",
      CARGO_ENCODED_RUSTFLAGS: undefined,
    },
  });

  const linked = join(target, WASM_TARGET, "npm", "everwire.wasm");
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });

  // The facade calls the exports directly. What wasm-bindgen, a dependency of the crate, exports and imports serves its
  // own glue; with it gone the module imports nothing.
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(linked)))
    .map((entry) => entry.name)
    .filter((entry) => !entry.startsWith("__"));
  const graph = join(folder, "roots.json");
  writeFileSync(graph, JSON.stringify([
    { name: "javascript", root: true, reaches: exported },
    ...exported.map((entry) => ({ name: entry, export: entry })),
  ]));
  const reachable = join(folder, "reachable.wasm");
  binaryen("wasm-metadce", [linked, "--all-features", "--graph-file", graph, "--output", reachable], { quiet: true });
  const finished = join(folder, `${name}.wasm`);
  binaryen("wasm-opt", [
    // The linker puts the stack first, so nothing lies in the lowest kilobyte.
    reachable, "-Oz", "--converge", "--low-memory-unused", "--reorder-functions", "--all-features",
    ...(skip ? [`--skip-pass=${skip}`] : []),
    "--strip-debug", "--strip-producers", "--strip-target-features", "--output", finished,
  ]);

  const module = new WebAssembly.Module(readFileSync(finished));
  const imports = WebAssembly.Module.imports(module);
  if (imports.length) {
    fail(`${name}: the module must import nothing, it imports ${imports.map((i) => `${i.module}.${i.name}`).join(", ")}`);
  }
  generateTypes(name, new WebAssembly.Instance(module).exports);
  return finished;
}

/** Writes the signatures of the module's exports, which are functions of numbers, where the facade's type check finds them. */
function generateTypes(name, exports) {
  const lines = Object.entries(exports).map(([entry, value]) => {
    if (typeof value !== "function") return `export const ${entry}: WebAssembly.Memory;`;
    const parameters = Array.from({ length: value.length }, (_, i) => `${"abcdefghijklmnop"[i]}: number`);
    return `export const ${entry}: (${parameters.join(", ")}) => number;`;
  });
  const text = `// Generated by build.mjs from the Rust exports in src/js.\n${lines.sort().join("\n")}\n`;
  const to = join(pkg, "src", "generated", `${name}.d.ts`);
  mkdirSync(dirname(to), { recursive: true });
  if (!existsSync(to) || readFileSync(to, "utf8") !== text) writeFileSync(to, text);
}

/** Bundles the inline and the slim entry. */
async function bundle({ name, source, reserve, parts: plain = [] }, wasm) {
  const { version } = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));
  const common = {
    absWorkingDir: pkg,
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: ["es2022"],
    minify: true,
    // Bytes above 0x7f would otherwise be escaped to four characters each.
    charset: "utf8",
    legalComments: "none",
    define: { EVERWIRE_VERSION: JSON.stringify(version) },
    mangleProps: /^_[a-z]/,
    ...(reserve && { reserveProps: reserve }),
    logLevel: "warning",
  };
  const inline = await build({
    ...common,
    entryPoints: [source],
    outfile: join(dist, `${name}.js`),
    write: false,
    plugins: [moduleSource(`export default "${PLACEHOLDER}";`)],
  });
  // Put in afterwards: esbuild would escape every control character, 3 % of the file after compression.
  const parts = (await squeeze(inline.outputFiles[0].text)).split(`"${PLACEHOLDER}"`);
  if (parts.length !== 2) fail(`${name}: expected the module's text once in the bundle, not ${parts.length - 1} times`);
  writeFileSync(join(dist, `${name}.js`), parts.join(latin1Literal(readFileSync(wasm))));
  const slim = join("src", "slim", `${name}.ts`);
  if (!existsSync(join(pkg, slim))) fail(`${name}: ${slim} is missing`);
  const separate = await build({
    ...common,
    entryPoints: [slim],
    outfile: join(dist, "slim", `${name}.js`),
    write: false,
    plugins: [
      // Written out in full because bundlers look for exactly this expression to copy the file.
      moduleSource(`export default () => new URL("./${name}.wasm", import.meta.url);`),
      { name: "slim-loader", setup: (b) => b.onResolve({ filter: /\/host\/inline\.js$/ }, () => ({ path: join(pkg, "src/host/slim.ts") })) },
    ],
  });
  writeFileSync(join(dist, "slim", `${name}.js`), await squeeze(separate.outputFiles[0].text));
  copyFileSync(wasm, join(dist, "slim", `${name}.wasm`));
  for (const part of plain) {
    const outfile = join(dist, `${part.name}.js`);
    const built = await build({ ...common, entryPoints: [part.source], outfile, write: false });
    writeFileSync(outfile, await squeeze(built.outputFiles[0].text));
  }
}

/** A second minifier over esbuild's output: it joins statements and inlines what esbuild leaves, 3 % after compression. */
async function squeeze(code) {
  const options = { module: true, ecma: 2020, compress: { passes: 3 }, mangle: true, format: { ascii_only: false } };
  return (await minify(code, options)).code;
}

/** Resolves `everwire:module` to the given source text, and `everwire:sockjs` to the built entry beside this one. */
function moduleSource(contents) {
  return {
    name: "everwire-module",
    setup(b) {
      b.onResolve({ filter: /^everwire:sockjs$/ }, () => ({ path: "./sockjs.js", external: true }));
      b.onResolve({ filter: /^everwire:module$/ }, () => ({ path: "module", namespace: "everwire" }));
      b.onLoad({ filter: /.*/, namespace: "everwire" }, () => ({ contents, loader: "js" }));
    },
  };
}

/**
 * One character per byte. An ES module is always decoded as UTF-8, so this costs 6 % over the bare file after
 * compression, where base64 costs 39 %.
 */
function latin1Literal(bytes) {
  const escapes = { 0: "\\0", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\" };
  let text = "";
  bytes.forEach((byte, i) => {
    const digitFollows = bytes[i + 1] >= 48 && bytes[i + 1] <= 57;
    text += byte === 0 && digitFollows ? "\\x00" : (escapes[byte] ?? String.fromCharCode(byte));
  });
  return `"${text}"`;
}

/** Type-checks all sources, then ships the declarations that the public entries reach. */
function types(selected) {
  // Named after the process, so that two builds of different entries do not meet.
  const emitted = join(work, `types-${process.pid}`);
  rmSync(emitted, { recursive: true, force: true });
  const files = selected.flatMap(({ name, source, parts = [] }) => [source, `src/slim/${name}.ts`, ...parts.map((part) => part.source)]);
  const config = join(pkg, `tsconfig.emit-${process.pid}.json`);
  writeFileSync(config, `${JSON.stringify({
    extends: "./tsconfig.json",
    compilerOptions: { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: "src", outDir: relative(pkg, emitted) },
    include: [],
    files: ["src/host/ambient.d.ts", ...files],
  }, null, 2)}\n`);
  try {
    run(process.execPath, [join(pkg, "node_modules", "typescript", "bin", "tsc"), "-p", config], { cwd: pkg });
  } finally {
    rmSync(config, { force: true });
  }

  const shipped = new Set();
  const visit = (file) => {
    if (shipped.has(file)) return;
    shipped.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, specifier] of text.matchAll(/(?:from|import\()\s*["'](\.[^"']+)\.js["']/g)) {
      visit(resolve(dirname(file), `${specifier}.d.ts`));
    }
    if (/["']everwire:/.test(text)) fail(`${relative(emitted, file)}: the public types mention the bundler's module`);
  };
  for (const file of files) visit(join(emitted, relative("src", file).replace(/\.ts$/, ".d.ts")));
  const to = join(dist, "types");
  if (selected.length === entries.length) rmSync(to, { recursive: true, force: true });
  for (const file of shipped) {
    const target = join(to, relative(emitted, file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
  rmSync(emitted, { recursive: true, force: true });
}

function binaryen(tool, args, options) {
  run(process.execPath, [join(pkg, "node_modules", "binaryen", "bin", tool), ...args], options);
}

function run(command, args, { quiet, ...options } = {}) {
  const result = spawnSync(command, args, { stdio: quiet ? ["ignore", "ignore", "inherit"] : "inherit", ...options });
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args[0]} failed with status ${result.status ?? result.signal}`);
}

function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}
