//! The layers of the configuration: who wins, what is refused, and in which words.

use std::{collections::BTreeMap, io, path::Path};

use server::config::{Config, Environment, Inputs, Loaded, Origins, Source, load, report};

/// A builder of inputs, so that a test says only what it is about.
#[derive(Default)]
struct Given {
    file: Option<&'static str>,
    dotenv: Option<&'static str>,
    environment: &'static [(&'static str, &'static str)],
    unreadable: &'static [&'static str],
    arguments: &'static [(&'static str, &'static str)],
}

impl Given {
    fn load(&self) -> Result<Loaded, String> {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        load(&Inputs {
            file: self.file.map(|text| ("paraclete.toml".into(), text.to_owned())),
            dotenv: self.dotenv.map(str::to_owned),
            environment: pairs(self.environment).into_iter().collect::<BTreeMap<_, _>>(),
            unreadable: self.unreadable.iter().map(|name| (*name).to_owned()).collect(),
            arguments: pairs(self.arguments),
            read_file: &|path: &Path| match path.to_str() {
                Some("/run/port") => Ok("4444\n".to_owned()),
                _ => Err(io::Error::from(io::ErrorKind::NotFound)),
            },
        })
        .map_err(|refused| refused.to_string())
    }

    fn refusal(&self) -> String {
        self.load().expect_err("this was to be refused")
    }
}

fn source(loaded: &Loaded, key: &str) -> Source {
    let setting = loaded.settings.iter().find(|setting| setting.option.key == key);
    setting.expect("an option of that key").source.clone()
}

#[test]
fn nothing_configured_is_the_defaults() {
    let loaded = Given::default().load().unwrap();
    assert_eq!(loaded.config, Config::defaults(Environment::Development));
    assert_eq!(loaded.config.port, 3000);
    assert_eq!(loaded.config.max_peers_per_room, 10);
    assert_eq!(loaded.config.cors_origins, Origins::Any);
    assert!(loaded.warnings.is_empty());
}

#[test]
fn each_layer_wins_over_the_one_before_it() {
    let file = Given { file: Some("port = 1"), ..Given::default() };
    let dotenv = Given { dotenv: Some("PORT=2"), ..file };
    let environment = Given { environment: &[("PORT", "3")], ..dotenv };
    let arguments = Given { arguments: &[("PORT", "4")], ..environment };
    let loaded = arguments.load().unwrap();
    assert_eq!((loaded.config.port, source(&loaded, "PORT")), (4, Source::CommandLine));
    let loaded = Given { arguments: &[], ..arguments }.load().unwrap();
    assert_eq!((loaded.config.port, source(&loaded, "PORT")), (3, Source::Environment("PORT".to_owned())));
    let loaded = Given { environment: &[], arguments: &[], ..arguments }.load().unwrap();
    assert_eq!((loaded.config.port, source(&loaded, "PORT")), (2, Source::DotEnv("PORT".to_owned())));
    let loaded = Given { dotenv: None, environment: &[], arguments: &[], ..arguments }.load().unwrap();
    assert_eq!((loaded.config.port, source(&loaded, "PORT")), (1, Source::File("paraclete.toml".into())));
}

#[test]
fn an_alias_and_the_prefixed_form_stand_for_the_option_and_the_prefixed_form_wins() {
    let alias = Given { environment: &[("SIGNALING_SERVER_PORT", "5")], ..Given::default() };
    assert_eq!(alias.load().unwrap().config.port, 5);
    let both = Given {
        environment: &[("SIGNALING_SERVER_PORT", "5"), ("PORT", "6"), ("PARACLETE_PORT", "7")],
        ..Given::default()
    };
    assert_eq!(both.load().unwrap().config.port, 7);
    let unprefixed =
        Given { environment: &[("SIGNALING_SERVER_PORT", "5"), ("PORT", "6")], ..Given::default() };
    assert_eq!(unprefixed.load().unwrap().config.port, 6);
}

#[test]
fn a_key_with_file_behind_it_is_read_from_that_file() {
    let given = Given { environment: &[("PORT_FILE", "/run/port")], ..Given::default() };
    assert_eq!(given.load().unwrap().config.port, 4444);
    let missing = Given { environment: &[("PORT_FILE", "/nowhere")], ..Given::default() };
    assert!(missing.refusal().contains("PORT_FILE (environment, PORT_FILE): cannot read /nowhere"));
}

#[test]
fn an_empty_variable_of_the_environment_is_as_good_as_none() {
    let given = Given { environment: &[("PORT", ""), ("CORS_ORIGINS", "")], ..Given::default() };
    assert_eq!(given.load().unwrap().config, Config::defaults(Environment::Development));
}

#[test]
fn a_variable_of_ours_that_is_not_utf_8_is_refused_by_its_name() {
    let given = Given { unreadable: &["CORS_ORIGIN", "PORT_FILE", "LS_COLORS"], ..Given::default() };
    assert_eq!(
        given.refusal(),
        "the configuration is refused:\n  \
         CORS_ORIGIN (environment, CORS_ORIGIN): its value is not UTF-8\n  \
         PORT_FILE (environment, PORT_FILE): its value is not UTF-8"
    );
}

#[test]
fn a_bad_value_is_refused_with_the_key_the_value_where_it_came_from_and_why() {
    let given = Given { environment: &[("SIGNALING_SERVER_PORT", "70000")], ..Given::default() };
    assert_eq!(
        given.refusal(),
        "the configuration is refused:\n  PORT=70000 (environment, SIGNALING_SERVER_PORT): expected a whole number from 0 to 65535"
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let given = Given { arguments: &[("PORT", "x"), ("PING_TIMEOUT", "soon")], ..Given::default() };
    let refusal = given.refusal();
    assert!(refusal.contains("PORT=x") && refusal.contains("PING_TIMEOUT=soon"), "{refusal}");
}

#[test]
fn an_unknown_key_in_the_file_or_on_the_command_line_is_refused_with_the_nearest_known_one() {
    let file = Given { file: Some("max_peer_per_room = 4"), ..Given::default() };
    assert!(file.refusal().contains(
        "max_peer_per_room (paraclete.toml) is not an option; the nearest known one is MAX_PEERS_PER_ROOM"
    ));
    let arguments = Given { arguments: &[("PROT", "4")], ..Given::default() };
    assert!(
        arguments.refusal().contains("PROT (command line) is not an option; the nearest known one is PORT")
    );
}

#[test]
fn an_unknown_variable_with_our_prefix_is_a_warning_and_others_are_not_ours_to_judge() {
    let given = Given {
        environment: &[("PARACLETE_PROT", "1"), ("PROT", "1"), ("PATH", "/bin")],
        dotenv: Some("OTHER=1"),
        ..Given::default()
    };
    let loaded = given.load().unwrap();
    assert_eq!(
        loaded.warnings,
        ["PARACLETE_PROT (environment, PARACLETE_PROT) is not an option; the nearest known one is PORT"]
    );
}

#[test]
fn what_other_servers_know_is_ignored_with_a_warning_wherever_it_stands() {
    let given = Given {
        file: Some("elasticsearch_url = 'http://localhost:9200'"),
        environment: &[("KURENTO_URL", "ws://localhost:8888/kurento")],
        ..Given::default()
    };
    let warnings = given.load().unwrap().warnings;
    assert!(warnings[0].starts_with("ELASTICSEARCH_URL (paraclete.toml) is ignored: "), "{warnings:?}");
    assert!(warnings[1].starts_with("KURENTO_URL (environment, KURENTO_URL) is ignored: "), "{warnings:?}");
}

#[test]
fn production_demands_origins_and_auth_and_says_so() {
    let given = Given { environment: &[("NODE_ENV", "production")], ..Given::default() };
    let refusal = given.refusal();
    assert!(refusal.contains("CORS_ORIGINS has to be set in production"), "{refusal}");
    assert!(refusal.contains("AUTH has to be set in production"), "{refusal}");
}

#[test]
fn a_word_of_node_env_that_means_nothing_here_is_development_with_a_warning() {
    let given = Given { environment: &[("NODE_ENV", "staging")], ..Given::default() };
    let loaded = given.load().unwrap();
    assert_eq!(loaded.config.environment, Environment::Development);
    assert_eq!(
        loaded.warnings,
        ["NODE_ENV=staging (environment, NODE_ENV) counts as development: \
          if this is production, set PARACLETE_ENV=production"]
    );
    let test_runner = Given { environment: &[("NODE_ENV", "test")], ..Given::default() };
    assert!(test_runner.load().unwrap().warnings.is_empty());
}

#[test]
fn a_word_of_paraclete_env_that_means_nothing_is_refused() {
    let given = Given { environment: &[("PARACLETE_ENV", "staging")], ..Given::default() };
    let refusal = given.refusal();
    assert!(refusal.contains("PARACLETE_ENV=staging (environment, PARACLETE_ENV): expected"), "{refusal}");
}

#[test]
fn production_with_all_that_it_demands_starts_and_listens_everywhere() {
    let given = Given {
        environment: &[
            ("PARACLETE_ENV", "production"),
            ("AUTH", "optional"),
            ("CORS_ORIGINS", "https://a.example"),
            ("JWT_SECRET", "tq8Zr1mG0cXw5nLk7vBd3sHf9yPa2jUe"),
        ],
        ..Given::default()
    };
    let config = given.load().unwrap().config;
    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.host.to_string(), "0.0.0.0");
    assert_eq!(config.cors_origins, Origins::Listed(vec!["https://a.example".to_owned()]));
    let warnings = given.load().unwrap().warnings;
    assert_eq!(warnings, ["AUTH=optional: connections without a token are served as guests"]);
}

#[test]
fn a_broken_line_of_dotenv_is_refused_without_being_shown() {
    let given = Given { dotenv: Some("JWT_SECRET 'hunter2"), ..Given::default() };
    let refusal = given.refusal();
    assert!(refusal.contains(".env") && !refusal.contains("hunter2"), "{refusal}");
}

#[test]
fn the_report_names_every_option_its_value_and_its_source() {
    let given = Given { environment: &[("PORT", "8080")], ..Given::default() };
    let report = report(&given.load().unwrap());
    let line = |key: &str| report.lines().find(|line| line.starts_with(key)).expect("a line").to_owned();
    assert!(line("PORT=8080").ends_with("# environment, PORT"));
    assert!(line("PING_INTERVAL=25s").ends_with("# default"));
    assert!(line("PROMETHEUS_PORT is unset").ends_with("# default"));
}
