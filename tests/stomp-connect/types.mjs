// A project written for everwire/stomp/connect, compiled against the types that the package ships.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, finish } from "../support/report.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const tests = join(here, "..");
const declared = (name) => [join(tests, "../pkg/dist/types", name)];

await check("a project with typed bodies compiles, and its mistakes do not", () => {
  const folder = mkdtempSync(join(tests, ".types-"));
  try {
    writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
      compilerOptions: {
        target: "es2022", lib: ["es2022", "dom", "esnext.disposable"], module: "nodenext", types: [], strict: true,
        exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true, moduleDetection: "force",
        paths: {
          "everwire/stomp/connect": declared("stomp-connect/index.d.ts"),
          "everwire/slim/stomp/connect": declared("slim/stomp-connect.d.ts"),
        },
      },
      files: [join(here, "project/app.ts")],
    }));
    const { status, stdout } = spawnSync(process.execPath, [join(tests, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
finish();
