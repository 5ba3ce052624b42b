// Runs the examples of the READMEs, so that what a newcomer copies works.
//
// - `js` and `ts` blocks compile under `strict` against the built package, then run in Chrome. Addresses at example.com
//   become the test server's echo. A block that names an address must open a socket; none may throw or log an error.
//   A block fenced as `ts no-run` is only compiled.
// - `rust` blocks compile for wasm32 against the crates of the workspace.
// - `cargo xtask NAME` in `sh` blocks must be a command that exists.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { blocks } from "./blocks.mjs";
import { checkRust } from "./rust.mjs";
import { run, startServer } from "./process.mjs";
import { runInChrome } from "./page.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const out = join(here, ".out");
const FILES = ["README.md", "README.ko.md", "pkg/README.md"];

const examples = FILES.flatMap((file) =>
  blocks(readFileSync(join(root, file), "utf8")).map((block) => ({ ...block, file, at: `${file}:${block.line}` })),
);
const inLanguage = (...languages) => examples.filter((example) => languages.includes(example.language));

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "node_modules"), { recursive: true });
// A link, so that imports go through the exports map as they do in a project that installed the package.
symlinkSync(join(root, "pkg"), join(out, "node_modules/everwire"), "dir");

const scripts = inLanguage("js", "javascript", "ts", "typescript");
for (const file of FILES) {
  if (!scripts.some((example) => example.file === file)) throw new Error(`${file} has no example in js or ts`);
}
compileScripts(scripts);

const server = await startServer(program("EVERWIRE_TEST_SERVER_PROGRAM"));
try {
  const runnable = scripts.filter((example) => !example.flags.includes("no-run"));
  if (runnable.length === 0) throw new Error("no example may run");
  await runInChrome(runnable, { chrome: program("EVERWIRE_CHROME"), server: server.address, folder: out });
} finally {
  server.stop();
}

const rust = inLanguage("rust");
if (rust.length === 0) throw new Error("the READMEs have no example in Rust");
checkRust(rust, root);
checkCommands(inLanguage("sh", "bash", "shell", "console"));
rmSync(out, { recursive: true });
console.log(`${scripts.length} script and ${rust.length} Rust examples are right`);

/** Compiles every script as a module of its own, and names the README's line of each error. */
function compileScripts(scripts) {
  scripts.forEach((example, index) => {
    example.path = join(out, `example-${index}.ts`);
    // Blank lines in front make the compiler's line numbers those of the README.
    writeFileSync(example.path, `${"\n".repeat(example.line - 1)}${example.code}\nexport {};\n`);
  });
  const options = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      target: "es2024",
      module: "esnext",
      moduleResolution: "bundler",
      lib: ["es2024", "esnext.disposable", "dom", "dom.iterable"],
      types: [],
      skipLibCheck: false,
    },
    include: ["*.ts"],
  };
  writeFileSync(join(out, "tsconfig.json"), JSON.stringify(options));
  const listing = scripts.map((example, index) => `  example-${index}.ts is ${example.at}`).join("\n");
  run("node", [join(here, "../node_modules/typescript/bin/tsc"), "--project", out], {
    onFailure: `an example does not compile, where\n${listing}`,
  });
}

function checkCommands(shells) {
  const help = run("cargo", ["xtask", "help"], { cwd: root });
  for (const { code, at } of shells) {
    for (const [, name] of code.matchAll(/cargo xtask ([a-z-]+)/g)) {
      if (!help.includes(`cargo xtask ${name} `)) throw new Error(`${at}: there is no command \`cargo xtask ${name}\``);
    }
  }
}

function program(variable) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: run this through \`cargo xtask test readme\``);
  return path;
}
