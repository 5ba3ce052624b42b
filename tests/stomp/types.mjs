// A project written against @stomp/stompjs, compiled as it is and once more with its imports changed to everwire/stomp.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, finish } from "../support/report.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const tests = join(here, "..");
for (const [name, module] of [["as it is", "@stomp/stompjs"], ["with the import changed", "everwire/stomp"]]) {
  await check(`a project for stompjs compiles ${name}`, () => {
    // Beside node_modules, so that packages are found.
    const folder = mkdtempSync(join(tests, ".types-"));
    try {
      cpSync(join(here, "project"), folder, { recursive: true });
      const files = readdirSync(folder);
      assert.equal(files.length, 3);
      for (const file of files) {
        const text = readFileSync(join(folder, file), "utf8");
        assert.match(text, /@stomp\/stompjs/);
        writeFileSync(join(folder, file), text.replaceAll("@stomp/stompjs", module));
      }
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
        compilerOptions: {
          target: "es2022", lib: ["es2022", "dom"], module: "nodenext", types: [], strict: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true,
          paths: { "everwire/stomp": [join(tests, "../pkg/dist/types/stomp/index.d.ts")] },
        },
        files,
      }));
      const { status, stdout } = spawnSync(process.execPath, [join(tests, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
      assert.equal(status, 0, stdout);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
finish();
