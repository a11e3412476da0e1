//! What documents say of options and metrics, held against the code.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use domain::Locale;
use server::{
    config::{example, markdown},
    identity::Refused,
    telemetry::{HttpLabels, Metrics},
};
use socketio::Reason;

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

#[test]
fn the_operations_page_has_every_metric_and_no_other() {
    let reasons = Reason::ALL.map(Reason::as_str);
    let metrics = Metrics::new(&[], &reasons, Arc::default());
    metrics.http(&HttpLabels { method: "GET", route: "/".to_owned(), status: 200 }, Duration::ZERO);
    let rendered = metrics.render();
    let metrics: BTreeSet<String> =
        rendered.lines().filter_map(|line| line.strip_prefix("# TYPE ")).map(as_sampled).collect();

    let page = read("docs/OPERATIONS.md");
    assert_eq!(
        first_cells(&page, "| metric | type |"),
        metrics,
        "mend the table of metrics in docs/OPERATIONS.md"
    );
    let reasons: BTreeSet<String> = reasons.map(str::to_owned).into();
    assert_eq!(
        first_cells(&page, "| reason | means |"),
        reasons,
        "mend the table of reasons in docs/OPERATIONS.md"
    );
}

#[test]
fn the_protocol_page_has_every_refusal_of_a_token_with_its_words() {
    let page = read("docs/PROTOCOL.md");
    for refused in Refused::ALL {
        let message = match refused {
            Refused::Unavailable => "says so".to_owned(),
            Refused::NoToken | Refused::Invalid | Refused::Expired | Refused::Forbidden => {
                format!("`{}`", refused.phrase().text(Locale::En))
            }
        };
        let row = format!("| `{}` | {message} |", refused.code());
        assert!(page.contains(&row), "no row {row} in docs/PROTOCOL.md");
    }
}

/// The name under which a metric is asked for: samples of counters end so.
fn as_sampled(declared: &str) -> String {
    match declared.split_once(' ') {
        Some((name, "counter")) => format!("{name}_total"),
        Some((name, _)) => name.to_owned(),
        None => declared.to_owned(),
    }
}

/// The first cells of the table that begins with this header, without their backticks.
fn first_cells(page: &str, header: &str) -> BTreeSet<String> {
    let rows = page.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| Some(row.split('|').nth(1)?.trim().trim_matches('`').to_owned())).collect()
}
