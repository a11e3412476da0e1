//! The seeds of the fuzz targets are tests: each goes through its target here, in an ordinary build.

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[expect(unreachable_pub, reason = "it is public in its own crate")]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

use targets::TARGETS;

#[test]
fn every_seed_passes_through_its_target() {
    for (name, target) in TARGETS {
        let seeds = entries(&fuzz().join("seeds").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            let bytes = fs::read(fuzz().join("seeds").join(name).join(&seed)).unwrap();
            let outcome = std::panic::catch_unwind(|| target(&bytes));
            assert!(outcome.is_ok(), "the seed {name}/{seed} fails");
        }
    }
}

#[test]
fn every_target_has_its_file_its_entry_and_its_seeds_and_nothing_else_has() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let bins = manifest.split("[[bin]]\nname = \"").skip(1);
    let bins: BTreeSet<String> = bins.map(|bin| bin.split('"').next().unwrap().to_owned()).collect();
    let files = entries(&fuzz().join("fuzz_targets"));
    let files: BTreeSet<String> = files.iter().map(|file| file.trim_end_matches(".rs").to_owned()).collect();
    assert_eq!(bins, names);
    assert_eq!(files, names);
    assert_eq!(entries(&fuzz().join("seeds")), names);
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn entries(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
