//! Embeds the built pages (`web/dist`) into the binary.

use std::path::Path;

fn main() {
    // Relative, because cargo runs this in the package's folder, while a path compiled in would outlive a
    // checkout that moves and keeps its target folder.
    let dist = Path::new("../../web/dist");
    let page = dist.join("index.html");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed={}", page.display());
    if page.is_file() {
        memory_serve::load_directory(dist);
    } else {
        println!("cargo::error=web/dist is missing: run \"make web\" (needs Node 20)");
    }
}
