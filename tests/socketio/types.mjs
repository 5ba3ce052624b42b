// Compiles the same typed project against socket.io-client's declarations and ours.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnSync } from "node:child_process";
import { check } from "../support/report.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const tsc = join(here, "../../pkg/node_modules/typescript/bin/tsc");
const CLIENTS = {
  "socket.io-client": join(here, "../node_modules/socket.io-client/build/esm/index.d.ts"),
  "everwire/socket.io": join(here, "../../pkg/dist/types/socket.io/index.d.ts"),
};
const POLICIES = join(here, "../../pkg/dist/types/socket.io/policies.d.ts");

/** Runs the checks. */
export async function checkTypes() {
  for (const [client, declarations] of Object.entries(CLIENTS)) {
    await check(`types: a typed project compiles against ${client}`, () => compile(declarations, ["project.ts"]));
  }
  const ours = CLIENTS["everwire/socket.io"];
  await check("types: what is ours alone", () => compile(ours, ["own.ts"]));
  await check("types: events with a policy", () => compile(ours, ["policies.ts"]));
  await check("types: the example of the documentation", () => compile(ours, [], documented()));
}

/** The Socket.IO example of docs/send-policies.md, as a project in TypeScript would have it. */
function documented() {
  const text = readFileSync(join(here, "../../docs/send-policies.md"), "utf8");
  const [, example] = /```js\n([^`]*everwire\/socket\.io\/policies[^`]*)```/.exec(text);
  return `declare const url: string;\n${example}`;
}

/** Compiles files of the folder `types`, or a text. */
function compile(declarations, files, text) {
  const folder = mkdtempSync(join(tmpdir(), "everwire-types-"));
  try {
    if (text) writeFileSync(join(folder, "text.ts"), text);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
      compilerOptions: {
        target: "es2022", module: "esnext", moduleResolution: "bundler", strict: true, noEmit: true, skipLibCheck: true, types: [],
        lib: ["es2022", "dom"], paths: {
          client: [declarations], "everwire/socket.io": [declarations], policies: [POLICIES], "everwire/socket.io/policies": [POLICIES],
        },
      },
      files: text ? ["text.ts"] : files.map((file) => join(here, "types", file)),
    }));
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
