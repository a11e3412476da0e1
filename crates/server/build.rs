//! Embeds the built pages (`web/dist`) into the binary.

use std::path::Path;

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    let page = dist.join("index.html");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed={}", page.display());
    if page.is_file() {
        memory_serve::load_directory(dist);
    } else {
        println!("cargo::error=web/dist is missing: run \"make web\" (needs Node 20)");
    }
}
