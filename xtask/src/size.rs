//! `cargo xtask size`: what each entry of the npm package costs a page, checked against pkg/size-budget.json.
//!
//! An entry is every file that the browser loads for it: the module, all modules it imports by relative path, and
//! the `.wasm` of a slim entry. Each file is compressed by itself, as a server sends it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::build;
use crate::run::Ctx;

const BUDGET: &str = "pkg/size-budget.json";

/// Bytes of one file or entry.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Size {
    pub(crate) raw: u64,
    pub(crate) gzip: u64,
    pub(crate) brotli: u64,
}

/// Prints the table; an error if an entry is over its budget or has none.
pub(crate) fn check(ctx: &Ctx) -> Result<()> {
    let sizes = sizes(ctx)?;
    let budget: BTreeMap<String, u64> = serde_json::from_value(json(&ctx.project.path(BUDGET))?)
        .with_context(|| format!("{BUDGET} maps entries to bytes after brotli"))?;
    ctx.say(&format!(
        "{:<28}{:>10}{:>10}{:>10}{:>10}",
        "entry", "raw", "gzip", "brotli", "budget"
    ));
    for (entry, size) in &sizes {
        let limit = budget.get(entry).map_or("none".to_owned(), u64::to_string);
        ctx.say(&format!(
            "{entry:<28}{:>10}{:>10}{:>10}{limit:>10}",
            size.raw, size.gzip, size.brotli
        ));
    }
    let faults = faults(&sizes, &budget);
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}

/// The size of every entry of the package, which is built first.
pub(crate) fn sizes(ctx: &Ctx) -> Result<BTreeMap<String, Size>> {
    build::npm_package(ctx)?;
    let package = json(&ctx.project.path("pkg/package.json"))?;
    let mut sizes = BTreeMap::new();
    for (entry, file) in entries(&package)? {
        let files = reachable(&ctx.project.path("pkg").join(file))?;
        if entry.contains("/slim") && !files.iter().any(|f| is_a(f, "wasm")) {
            bail!("{entry} names no .wasm file, so its size would be wrong");
        }
        sizes.insert(entry, measure(ctx, &files)?);
    }
    Ok(sizes)
}

/// What is wrong with the sizes; empty when all is well.
fn faults(sizes: &BTreeMap<String, Size>, budget: &BTreeMap<String, u64>) -> Vec<String> {
    let over = sizes
        .iter()
        .filter_map(|(entry, size)| match budget.get(entry) {
            None => Some(format!("{entry} has no budget: add it to {BUDGET}")),
            Some(&limit) if size.brotli > limit => Some(format!(
                "{entry} is {} bytes after brotli, {} over its budget of {limit}",
                size.brotli,
                size.brotli - limit
            )),
            Some(_) => None,
        });
    let gone = budget
        .keys()
        .filter(|entry| !sizes.contains_key(*entry))
        .map(|entry| format!("{entry} has a budget but is not in the exports of pkg/package.json"));
    over.chain(gone).collect()
}

/// The script entries of a package.json: name as users import it, and the file relative to the package.
fn entries(package: &Value) -> Result<BTreeMap<String, PathBuf>> {
    let name = package
        .get("name")
        .and_then(Value::as_str)
        .context("the package has a name")?;
    let exports = package
        .get("exports")
        .and_then(Value::as_object)
        .context("pkg/package.json has an exports map")?;
    let mut entries = BTreeMap::new();
    for (subpath, target) in exports {
        let file = browser_file(target)
            .with_context(|| format!("exports of {subpath} name no file for a browser"))?;
        if is_a(Path::new(file), "js") {
            let entry = format!("{name}{}", subpath.trim_start_matches('.'));
            entries.insert(entry, PathBuf::from(file));
        }
    }
    if entries.is_empty() {
        bail!("the exports of pkg/package.json name no script");
    }
    Ok(entries)
}

/// The file that a browser or bundler gets from an exports target: conditions in the order they are tried.
fn browser_file(target: &Value) -> Option<&str> {
    match target {
        Value::String(file) => Some(file),
        Value::Object(conditions) => ["browser", "import", "module", "default"]
            .iter()
            .find_map(|name| browser_file(conditions.get(*name)?)),
        _ => None,
    }
}

/// A script and every file that it and its imports name by a relative path.
fn reachable(entry: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut open = vec![entry.to_path_buf()];
    while let Some(file) = open.pop() {
        let path = file
            .canonicalize()
            .with_context(|| format!("{} is missing", file.display()))?;
        if !found.insert(path.clone()) || !is_a(&path, "js") {
            continue;
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let source = String::from_utf8_lossy(&bytes);
        let folder = path.parent().context("a file lies in a folder")?;
        open.extend(relative_files(&source).map(|name| folder.join(name)));
    }
    Ok(found)
}

/// The relative paths of scripts and WASM files among the string literals of a script, as in `from"./a.js"` and
/// `new URL("./a.wasm",import.meta.url)`. A script in `import("./a.js")` is left out: it is loaded when it is asked for.
fn relative_files(source: &str) -> impl Iterator<Item = &str> {
    source
        .match_indices(['"', '\'', '`'])
        .filter_map(|(at, quote)| {
            let literal = source.get(at + quote.len()..)?;
            if source.get(..at)?.ends_with("import(") {
                return None;
            }
            if !literal.starts_with("./") && !literal.starts_with("../") {
                return None;
            }
            let name = literal.get(..literal.find(quote)?)?;
            (is_a(Path::new(name), "js") || is_a(Path::new(name), "wasm")).then_some(name)
        })
}

fn is_a(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(dir) = open.pop() {
        let listing =
            fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))?;
        for entry in listing {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Node has both compressors, so no library for them is built.
const COMPRESS: &str = "\
import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
let raw = 0, gzip = 0, brotli = 0;
for (const file of process.argv.slice(1)) {
    const bytes = readFileSync(file);
    raw += bytes.length;
    gzip += gzipSync(bytes, { level: 9 }).length;
    brotli += brotliCompressSync(bytes).length; // quality 11 is the default
}
console.log(raw, gzip, brotli);
";

fn measure(ctx: &Ctx, files: &BTreeSet<PathBuf>) -> Result<Size> {
    let printed = ctx.read(
        Command::new("node")
            .args(["--input-type=module", "--eval", COMPRESS, "--"])
            .args(files),
    )?;
    let numbers: Vec<u64> = printed
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("node printed {printed:?}"))?;
    match numbers.as_slice() {
        &[raw, gzip, brotli] => Ok(Size { raw, gzip, brotli }),
        _ => bail!("node printed {printed:?}"),
    }
}

fn json(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn sized(entry: &str, brotli: u64) -> BTreeMap<String, Size> {
        let size = Size {
            brotli,
            ..Size::default()
        };
        BTreeMap::from([(entry.to_owned(), size)])
    }

    fn budget(entry: &str, limit: u64) -> BTreeMap<String, u64> {
        BTreeMap::from([(entry.to_owned(), limit)])
    }

    #[test]
    fn an_entry_of_exactly_its_budget_is_fine_and_one_byte_more_is_not() {
        assert!(faults(&sized("a/b", 10_000), &budget("a/b", 10_000)).is_empty());
        assert_eq!(
            faults(&sized("a/b", 10_001), &budget("a/b", 10_000)),
            ["a/b is 10001 bytes after brotli, 1 over its budget of 10000"]
        );
    }

    #[test]
    fn an_entry_without_a_budget_and_a_budget_without_an_entry_are_faults() {
        let found = faults(&sized("a/new", 1), &budget("a/old", 1));
        assert_eq!(found.len(), 2);
        assert!(
            found
                .iter()
                .any(|fault| fault.starts_with("a/new has no budget"))
        );
        assert!(
            found
                .iter()
                .any(|fault| fault.starts_with("a/old has a budget"))
        );
    }

    #[test]
    fn entries_come_from_the_exports_map() {
        let package = json!({ "name": "a", "exports": {
            ".": { "types": "./dist/index.d.ts", "default": "./dist/index.js" },
            "./b": { "import": { "types": "./dist/b.d.ts", "default": "./dist/b.js" } },
            "./c.wasm": "./dist/c.wasm",
            "./package.json": "./package.json",
        }});
        let expected = [("a", "./dist/index.js"), ("a/b", "./dist/b.js")];
        let found = entries(&package).unwrap();
        assert_eq!(
            found,
            expected
                .map(|(k, v)| (k.to_owned(), PathBuf::from(v)))
                .into()
        );
    }

    #[test]
    fn a_script_names_its_imports_and_its_wasm_but_not_what_it_loads_later() {
        let source = r#"import{a}from"./a.js";import'../b.js';export*from"./c/d.js";await import(`./e.js`);
            new URL("./f.wasm",import.meta.url);import"node:fs";import"../../g.js";const text="see ./h.js";"#;
        assert_eq!(
            relative_files(source).collect::<Vec<_>>(),
            ["./a.js", "../b.js", "./c/d.js", "./f.wasm", "../../g.js"]
        );
    }

    #[test]
    fn an_entry_reaches_what_its_imports_import_once() {
        let dir = std::env::temp_dir().join(format!("everwire-size-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("entry.js"), "import './a.js'; import './b.js'").unwrap();
        fs::write(dir.join("a.js"), "import './b.js'").unwrap();
        fs::write(dir.join("b.js"), "import './a.js'").unwrap();
        fs::write(dir.join("other.js"), "").unwrap();
        let names: Vec<_> = reachable(&dir.join("entry.js"))
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a.js", "b.js", "entry.js"]);
        fs::remove_file(dir.join("b.js")).unwrap();
        assert!(reachable(&dir.join("entry.js")).is_err());
        fs::remove_dir_all(&dir).unwrap();
    }
}
