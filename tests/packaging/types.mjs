// Compiles the TypeScript fixtures of types/ against the installed package.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { identifier } from "./fixtures.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

/** Ways in which users set up their projects. `dom: false` is a server or a shared library. */
const PROJECTS = [
  { name: "nodenext", options: { module: "nodenext", moduleResolution: "nodenext" }, dom: true },
  { name: "bundler", options: { module: "esnext", moduleResolution: "bundler" }, dom: true },
  { name: "worker", options: { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "webworker"] }, dom: true },
  { name: "node", options: { module: "nodenext", moduleResolution: "nodenext", lib: ["es2023"], types: ["node"], typeRoots: [join(here, "../node_modules/@types")] }, dom: false },
  { name: "no-dom", options: { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"] }, dom: false },
];

/**
 * Files are named ENTRY.KIND.ts, the entry without dots and dashes: `dom` uses the names of lib.dom, `plain` none. Wrong uses carry @ts-expect-error, which
 * is itself an error where there is none.
 */
export function checkTypes(app, entries) {
  const folder = join(app, "types");
  cpSync(join(here, "types"), folder, { recursive: true });
  for (const { name, options, dom } of PROJECTS) {
    const files = readdirSync(folder).filter((file) => {
      const [entry, kind] = file.split(".");
      return entries.some((each) => identifier(each.name) === entry) && (dom || kind === "plain") && (options.lib?.includes("webworker") ? kind === "plain" : true);
    });
    if (!files.length) throw new Error(`no type fixtures for ${name}`);
    const config = join(folder, `tsconfig.${name}.json`);
    writeFileSync(config, JSON.stringify({
      compilerOptions: {
        target: "es2022", lib: ["es2022", "dom"], strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, types: [], ...options,
      },
      files,
    }));
    if (!existsSync(tsc)) throw new Error("typescript is not installed in tests/");
    const result = spawnSync(process.execPath, [tsc, "-p", config], { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`${name}: ${result.stdout}${result.stderr}`);
  }
}
