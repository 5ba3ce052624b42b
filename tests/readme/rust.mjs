// Compiles the Rust examples as modules of one crate outside the workspace.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.mjs";

/** What examples may use, by the name in Rust; only what they do use becomes a dependency. */
const CRATES = {
  everwire: { path: ".", features: ["json", "postcard", "msgpack"] },
  everwire_messages: { path: "crates/messages" },
  everwire_yew: { path: "crates/yew" },
  futures_util: { locked: "futures-util" },
  serde: { locked: "serde", features: ["derive"] },
  wasm_bindgen: { locked: "wasm-bindgen" },
  wasm_bindgen_futures: { locked: "wasm-bindgen-futures" },
  yew: { locked: "yew", features: ["csr"] },
};

/**
 * @param {{ code: string, at: string }[]} examples
 * @param {string} root
 */
export function checkRust(examples, root) {
  const metadata = JSON.parse(
    run("cargo", ["metadata", "--no-deps", "--format-version", "1"], { cwd: root }),
  );
  const folder = join(metadata.target_directory, "xtask/readme");
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const all = examples.map((example) => example.code).join("\n");
  const dependencies = Object.entries(CRATES)
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(all))
    .map(([name, crate]) => dependency(name, crate, root, lock));

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "src"), { recursive: true });
  // The lock file of the workspace: the same versions, so nothing is fetched and little is built anew.
  copyFileSync(join(root, "Cargo.lock"), join(folder, "Cargo.lock"));
  writeFileSync(
    join(folder, "Cargo.toml"),
    `[package]\nname = "everwire-readme"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n` +
      `[dependencies]\n${dependencies.join("\n")}\n`,
  );
  const modules = examples.map(({ code }, index) => {
    writeFileSync(join(folder, "src", `example_${index}.rs`), asModule(code));
    return `#[allow(dead_code, unused)]\nmod example_${index};`;
  });
  writeFileSync(join(folder, "src/lib.rs"), modules.join("\n"));

  const listing = examples.map(({ at }, index) => `  example_${index}.rs is ${at}`).join("\n");
  run("cargo", ["check", "--target", "wasm32-unknown-unknown"], {
    cwd: folder,
    env: { ...process.env, CARGO_TARGET_DIR: metadata.target_directory },
    onFailure: `a Rust example does not compile, where\n${listing}`,
  });
}

function dependency(name, crate, root, lock) {
  const features = JSON.stringify(crate.features ?? []);
  const key = name.replaceAll("_", "-");
  if (crate.path) return `${key} = { path = ${JSON.stringify(join(root, crate.path))}, features = ${features} }`;
  const version = new RegExp(`name = "${crate.locked}"\\nversion = "([^"]+)"`).exec(lock)?.[1];
  if (!version) throw new Error(`an example uses ${name}, which is not in Cargo.lock`);
  return `${key} = { version = "=${version}", features = ${features} }`;
}

/** As rustdoc does: lines hidden by `# ` count, and statements without a `main` become the body of one. */
function asModule(code) {
  const text = code.replaceAll(/^# ?(?!\[)/gm, "");
  if (/^\s*(?:pub )?(?:async )?fn main\b/m.test(text)) return text;
  const indented = text.replaceAll(/^/gm, "    ");
  return `async fn example() -> Result<(), Box<dyn std::error::Error>> {\n${indented}\n    Ok(())\n}\n`;
}
