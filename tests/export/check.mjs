// Compiles TypeScript against the declarations that `export_socket!` generates, strictly: `usage.ts` must compile, and each
// line of it that is marked `@ts-expect-error` must not.
//
// node tests/export/check.mjs [OUT_DIR], with `wasm-bindgen` in PATH and the packages of tests/ installed.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const out = process.argv[2] ?? mkdtempSync(join(tmpdir(), "everwire-export-"));
mkdirSync(out, { recursive: true });

const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] }).toString();

const features = ["--no-default-features", "--features", "export,postcard"];
const built = run("cargo", [
    "build", "--package", "everwire", "--example", "messages_socket", "--target", "wasm32-unknown-unknown", ...features,
    "--message-format", "json",
]);
const wasm = built
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .flatMap((message) => message.filenames ?? [])
    .find((file) => file.endsWith("messages_socket.wasm"));
if (!wasm) throw new Error("cargo built no messages_socket.wasm");
run("wasm-bindgen", ["--target", "web", "--out-dir", out, wasm]);

copyFileSync(join(here, "usage.ts"), join(out, "usage.ts"));
writeFileSync(
    join(out, "tsconfig.json"),
    JSON.stringify({
        compilerOptions: {
            target: "es2022",
            module: "esnext",
            moduleResolution: "bundler",
            lib: ["es2022", "dom", "esnext.disposable"],
            types: [],
            strict: true,
            exactOptionalPropertyTypes: true,
            noEmit: true,
        },
        files: ["usage.ts"],
    }),
);
execFileSync(process.execPath, [join(root, "tests/node_modules/typescript/bin/tsc"), "--project", out], { stdio: "inherit" });
console.log("the generated declarations compile");
