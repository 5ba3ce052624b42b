// Runs the tests of the package's main entry: `node tests/client/run.mjs [part of a file's name]`. Needs `pkg/dist`
// (`cargo xtask build`) and a Chromium ($EVERWIRE_CHROME or on the path). Exits with 1 if anything failed or nothing ran.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const part = process.argv[2] ?? "";
const files = readdirSync(folder).filter((name) => name.endsWith(".test.mjs") && name.includes(part)).map((name) => join(folder, name));

let [passed, failed] = [0, 0];
const stream = run({ files, concurrency: 2 });
stream.on("test:pass", () => passed++);
stream.on("test:fail", () => {
  failed++;
  process.exitCode = 1;
});
stream.on("end", () => {
  if (passed === 0) process.exitCode = 1;
  console.log(`client: ${passed} passed, ${failed} failed`);
});
stream.compose(spec).pipe(process.stdout);
