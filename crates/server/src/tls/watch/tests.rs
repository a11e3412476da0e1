use super::*;
use crate::tls::open;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// A certificate of its own, and its key, as PEM.
fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["meet.example".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// Files in a folder of the test's own.
fn files(test: &str) -> Files {
    let folder = std::env::temp_dir().join(format!("paraclete-tls-{}-{test}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
}

/// Writes a file as tools that know what they do: beside it, and then in its place.
fn replace(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, file).unwrap();
}

fn served(watch: &Watch) -> Vec<u8> {
    watch.current.0.lock().unwrap().cert[0].to_vec()
}

fn der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

fn watched(test: &str) -> (Files, Watch, String) {
    let files = files(test);
    let (certificate, key) = pair();
    replace(&files.certificate, &certificate);
    replace(&files.key, &key);
    let (_, watch) = open(files.clone()).unwrap();
    (files, watch, certificate)
}

#[test]
fn files_that_do_not_change_are_not_read_again() {
    let (files, mut watch, _) = watched("same");
    for _ in 0..3 {
        assert!(matches!(watch.look(), Look::Nothing));
    }
    fs::remove_dir_all(files.key.parent().unwrap()).unwrap();
}

#[test]
fn a_pair_that_is_replaced_is_served_once_the_files_have_come_to_rest() {
    let (files, mut watch, old) = watched("replaced");
    let (new, key) = pair();
    replace(&files.certificate, &new);
    assert!(matches!(watch.look(), Look::Nothing), "the key may be about to follow");
    replace(&files.key, &key);
    assert!(matches!(watch.look(), Look::Nothing), "it has only just come");
    assert_eq!(served(&watch), der(&old));
    assert!(matches!(watch.look(), Look::Swapped));
    assert_eq!(served(&watch), der(&new));
    assert!(matches!(watch.look(), Look::Nothing));
    fs::remove_dir_all(files.key.parent().unwrap()).unwrap();
}

#[test]
fn half_a_pair_a_half_written_one_and_none_keep_the_old_one_and_are_told_of_once() {
    let (files, mut watch, old) = watched("broken");
    let (new, key) = pair();
    let half = &new[..new.len() / 2];
    let cases: [(&str, Option<&str>); 5] = [
        ("is not the key of", Some(&new)),
        ("no end", Some(half)),
        ("holds no certificate", Some("")),
        ("not base64", Some(&format!("{BEGIN}\n!!!!\n-----END CERTIFICATE-----\n"))),
        ("No such file", None),
    ];
    for (reason, text) in cases {
        match text {
            Some(text) => replace(&files.certificate, text),
            None => fs::remove_file(&files.certificate).unwrap(),
        }
        assert!(matches!(watch.look(), Look::Nothing), "{reason}");
        let Look::Kept(refused) = watch.look() else { panic!("{reason}: it was swapped, or not looked at") };
        let words = refused.to_string();
        assert!(words.contains(reason) && words.contains("cert.pem"), "{words}");
        assert!(matches!(watch.look(), Look::Nothing), "{reason}: told twice");
        assert_eq!(served(&watch), der(&old), "{reason}");
    }
    // And when all is well again, it is seen.
    replace(&files.certificate, &new);
    replace(&files.key, &key);
    watch.look();
    assert!(matches!(watch.look(), Look::Swapped));
    assert_eq!(served(&watch), der(&new));
    fs::remove_dir_all(files.key.parent().unwrap()).unwrap();
}

#[test]
fn a_link_that_points_elsewhere_is_a_change() {
    let (files, mut watch, _) = watched("linked");
    let (new, key) = pair();
    let folder = files.key.parent().unwrap();
    for (file, text) in [(&files.certificate, &new), (&files.key, &key)] {
        let real = folder.join(format!("real-{}", file.file_name().unwrap().display()));
        fs::write(&real, text).unwrap();
        fs::remove_file(file).unwrap();
        std::os::unix::fs::symlink(real, file).unwrap();
    }
    watch.look();
    assert!(matches!(watch.look(), Look::Swapped));
    assert_eq!(served(&watch), der(&new));
    fs::remove_dir_all(folder).unwrap();
}
