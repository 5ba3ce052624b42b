// The published declarations under `strict`, as two kinds of users compile them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, "..", "..");

for (const [name, lib] of Object.entries({ page: "es2024,esnext.disposable,dom", worker: "es2024,esnext.disposable,webworker" })) {
  test(`the types say what a ${name} may do`, () => {
    const { status, stdout } = spawnSync(process.execPath, [
      join(folder, "..", "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--strict", "--exactOptionalPropertyTypes",
      "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", lib, "--types", "",
      "--ignoreConfig", join(folder, "types", "usage.ts"),
    ], { encoding: "utf8", cwd: root });
    assert.equal(status, 0, stdout);
  });
}
