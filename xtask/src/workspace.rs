//! The packages of the workspace and their features, as cargo knows them.
//!
//! `--all-features` would be shorter, but features whose name starts with `__` are internal builds of one package
//! that exclude each other; so the public ones are named.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::project::{Project, metadata};

pub(crate) struct Workspace {
    /// Names of the packages that cargo takes when none is named.
    default_members: Vec<String>,
    /// Feature names of every package, without `default`.
    features: BTreeMap<String, Vec<String>>,
}

impl Workspace {
    pub(crate) fn read(project: &Project) -> Result<Self> {
        Self::parse(&metadata(&project.root)?)
            .context("`cargo metadata` printed something unexpected")
    }

    fn parse(metadata: &Value) -> Option<Self> {
        let packages = metadata.get("packages")?.as_array()?;
        let defaults = metadata.get("workspace_default_members")?.as_array()?;
        let name_of = |package: &Value| Some(package.get("name")?.as_str()?.to_owned());
        let default_members = packages
            .iter()
            .filter(|package| package.get("id").is_some_and(|id| defaults.contains(id)))
            .map(name_of)
            .collect::<Option<_>>()?;
        let features = packages
            .iter()
            .map(|package| {
                let features = package.get("features")?.as_object()?;
                let names = features.keys().filter(|name| *name != "default").cloned();
                Some((name_of(package)?, names.collect()))
            })
            .collect::<Option<_>>()?;
        Some(Self {
            default_members,
            features,
        })
    }

    /// The packages that cargo takes when none is named.
    pub(crate) fn default_members(&self) -> Vec<&str> {
        self.default_members.iter().map(String::as_str).collect()
    }

    /// All features of a package but `default`, internal ones included.
    pub(crate) fn features(&self, package: &str) -> Result<&[String]> {
        self.features
            .get(package)
            .map(Vec::as_slice)
            .with_context(|| format!("no package {package} in the workspace"))
    }

    /// The arguments that name these packages and switch on all their public features.
    pub(crate) fn with_public_features(&self, packages: &[&str]) -> Result<Vec<String>> {
        let mut args = Vec::new();
        let mut features = Vec::new();
        for &package in packages {
            args.extend(["--package".to_owned(), package.to_owned()]);
            let public = self.features(package)?.iter().filter(|f| !is_internal(f));
            features.extend(public.map(|feature| format!("{package}/{feature}")));
        }
        if !features.is_empty() {
            args.extend(["--features".to_owned(), features.join(",")]);
        }
        Ok(args)
    }
}

/// Whether a feature is for this repository's own builds only.
pub(crate) fn is_internal(feature: &str) -> bool {
    feature.starts_with("__")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn workspace() -> Workspace {
        Workspace::parse(&json!({
            "packages": [
                { "id": "1", "name": "a", "features": { "default": ["x"], "x": [], "__y": [] } },
                { "id": "2", "name": "b", "features": {} },
            ],
            "workspace_default_members": ["1"],
        }))
        .unwrap()
    }

    #[test]
    fn default_members_are_named_by_package() {
        assert_eq!(workspace().default_members(), ["a"]);
    }

    #[test]
    fn features_are_all_but_default() {
        assert_eq!(workspace().features("a").unwrap(), ["__y", "x"]);
        assert!(workspace().features("c").is_err());
    }

    #[test]
    fn public_features_are_switched_on_by_package() {
        assert_eq!(
            workspace().with_public_features(&["a", "b"]).unwrap(),
            ["--package", "a", "--package", "b", "--features", "a/x"]
        );
    }

    #[test]
    fn packages_without_features_get_no_feature_argument() {
        assert_eq!(
            workspace().with_public_features(&["b"]).unwrap(),
            ["--package", "b"]
        );
    }
}
