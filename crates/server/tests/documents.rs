//! The documents that are made from the table of options, held against it.

use std::{fs, path::Path};

use server::config::{example, markdown};

fn read(path: &str) -> String {
    let path = Path::new("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_example_environment_is_the_one_that_the_binary_prints() {
    assert_eq!(read(".env.example"), example(), "make it anew: paraclete config --example > .env.example");
}

#[test]
fn the_readme_has_the_table_that_the_binary_prints() {
    let readme = read("README.md");
    let (_, behind) =
        readme.split_once("<!-- config:begin -->\n").expect("<!-- config:begin --> in README.md");
    let (table, _) = behind.split_once("<!-- config:end -->").expect("<!-- config:end --> in README.md");
    let made = markdown();
    assert_eq!(
        table.trim(),
        made.trim(),
        "paste the output of `paraclete config --markdown` between the markers in README.md"
    );
}
