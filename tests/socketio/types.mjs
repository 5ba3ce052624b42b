// Compiles the same typed project against socket.io-client's declarations and ours.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

/** Runs the checks. */
export async function checkTypes() {
  for (const [client, declarations] of Object.entries(CLIENTS)) {
    await check(`types: a typed project compiles against ${client}`, () => compile(declarations, ["project.ts"]));
  }
  await check("types: what is ours alone", () => compile(CLIENTS["everwire/socket.io"], ["own.ts"]));
}

function compile(declarations, files) {
  const folder = mkdtempSync(join(tmpdir(), "everwire-types-"));
  try {
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
      compilerOptions: {
        target: "es2022", module: "esnext", moduleResolution: "bundler", strict: true, noEmit: true, skipLibCheck: true, types: [],
        lib: ["es2022", "dom"], paths: { client: [declarations] },
      },
      files: files.map((file) => join(here, "types", file)),
    }));
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
