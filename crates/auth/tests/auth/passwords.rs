//! Hashing passwords in a bounded queue.

use auth::{Cost, Password, Passwords, PasswordsError, Verdict};

/// As cheap as Argon2id gets: what is tested here is not how dear it is.
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

fn password(text: &str) -> Password {
    Password::try_from(text.to_owned()).unwrap()
}

fn passwords(cost: Cost) -> Passwords {
    Passwords::new(cost, 2, 3).unwrap()
}

#[tokio::test]
async fn a_password_is_right_and_any_other_is_wrong() {
    let passwords = passwords(CHEAP);
    let right = password("correct horse");
    let (one, other) = (passwords.hash(&right).await.unwrap(), passwords.hash(&right).await.unwrap());
    assert!(one.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{one}");
    assert_ne!(one, other, "each has a salt of its own");
    for hash in [one, other] {
        assert_eq!(passwords.verify(&right, Some(&hash)).await, Ok(Verdict::Right));
        for wrong in ["correct horsf", "correct horse ", "Correct horse", "\u{ff43}orrect horse"] {
            assert_eq!(passwords.verify(&password(wrong), Some(&hash)).await, Ok(Verdict::Wrong));
        }
    }
}

#[tokio::test]
async fn hashes_of_another_implementation_are_verified_at_their_own_cost() {
    // From the test program of the reference implementation, version 20190702.
    for hash in [
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ] {
        assert_eq!(
            passwords(CHEAP).verify(&password("password"), Some(hash)).await,
            Ok(Verdict::Right),
            "{hash}"
        );
        assert_eq!(
            passwords(CHEAP).verify(&password("passwore"), Some(hash)).await,
            Ok(Verdict::Wrong),
            "{hash}"
        );
    }
}

#[tokio::test]
async fn a_hash_that_was_made_cheaper_than_is_wanted_now_is_to_be_made_anew() {
    let right = password("correct horse");
    let old = passwords(CHEAP).hash(&right).await.unwrap();
    for dearer in [Cost { memory_kib: 16, ..CHEAP }, Cost { passes: 2, ..CHEAP }] {
        let passwords = passwords(dearer);
        assert_eq!(passwords.verify(&right, Some(&old)).await, Ok(Verdict::RightButWeak));
        assert_eq!(passwords.verify(&password("wrong horse"), Some(&old)).await, Ok(Verdict::Wrong));
        let new = passwords.hash(&right).await.unwrap();
        assert_eq!(passwords.verify(&right, Some(&new)).await, Ok(Verdict::Right));
        // One that is dearer than is wanted stays.
        assert_eq!(self::passwords(CHEAP).verify(&right, Some(&new)).await, Ok(Verdict::Right));
    }
}

#[tokio::test]
async fn nobody_is_let_in_by_a_hash_that_cannot_be_read_and_it_takes_the_same_work() {
    let passwords = passwords(CHEAP);
    let good = passwords.hash(&password("correct horse")).await.unwrap();
    let (start, output) = good.rsplit_once('$').unwrap();
    for hash in [
        "",
        "correct horse",
        "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
        &good.replace("argon2id", "argon2i"),
        &good.replace("v=19", "v=16"),
        &good.replace("m=8", "m=+8"),
        &good.replace("m=8", "m=7"),
        &good.replace("m=8", "m=4294967295"),
        &good.replace("t=1", "t=4294967295"),
        &good.replace("t=1", "t=0"),
        &good.replace("p=1", "p=2"),
        &good.replace("m=8,t=1", "t=1,m=8"),
        &good.replace(",p=1", ""),
        &good.replace("p=1", "p=1,keyid=abc"),
        start,
        &format!("{good}$"),
        &format!("{good}="),
        &format!("{start}$"),
        &format!("{start}${}", &output[..8]),
        &"$".repeat(1000),
    ] {
        let before = passwords.stats();
        assert_eq!(
            passwords.verify(&password("correct horse"), Some(hash)).await,
            Ok(Verdict::Wrong),
            "{hash:.99}"
        );
        let after = passwords.stats();
        assert_eq!((after.hashes - before.hashes, after.blocks - before.blocks), (1, 8), "{hash:.99}");
    }
}

#[tokio::test]
async fn an_unknown_user_takes_the_same_work_as_a_wrong_password() {
    let cost = Cost { memory_kib: 64, passes: 3, lanes: 2 };
    let passwords = passwords(cost);
    let hash = passwords.hash(&password("correct horse")).await.unwrap();
    let mut work = Vec::new();
    for (stored, verdict) in [(Some(&*hash), Verdict::Wrong), (None, Verdict::Wrong)] {
        let before = passwords.stats();
        assert_eq!(passwords.verify(&password("wrong horse"), stored).await, Ok(verdict));
        let after = passwords.stats();
        work.push((after.hashes - before.hashes, after.blocks - before.blocks));
    }
    assert_eq!(work, [(1, 64 * 3), (1, 64 * 3)]);
}

#[tokio::test]
async fn a_wrong_password_takes_the_same_work_when_the_hash_is_of_a_time_when_they_were_cheaper() {
    let now = Cost { memory_kib: 128, passes: 3, lanes: 1 };
    for then in
        [Cost { memory_kib: 64, ..now }, Cost { passes: 1, ..now }, Cost { memory_kib: 32, passes: 2, ..now }]
    {
        let hash = passwords(then).hash(&password("correct horse")).await.unwrap();
        let passwords = passwords(now);
        assert_eq!(passwords.verify(&password("wrong horse"), Some(&hash)).await, Ok(Verdict::Wrong));
        let blocks = passwords.stats().blocks;
        assert!((128 * 3 - 3..=128 * 3).contains(&blocks), "{blocks} for {then}");
    }
}

#[test]
fn a_cost_that_cannot_be_and_a_queue_without_threads_are_refused() {
    for cost in [
        Cost { memory_kib: 7, ..CHEAP },
        Cost { memory_kib: 0, ..CHEAP },
        Cost { memory_kib: 256 * 1024 + 1, ..CHEAP },
        Cost { passes: 0, ..CHEAP },
        Cost { passes: 17, ..CHEAP },
        Cost { lanes: 0, ..CHEAP },
        Cost { lanes: 2, ..CHEAP },
        Cost { lanes: 17, memory_kib: 1024, passes: 1 },
    ] {
        assert_eq!(Passwords::new(cost, 1, 1).err(), Some(PasswordsError::Cost(cost)));
    }
    for threads in [0, 65, usize::MAX] {
        assert_eq!(Passwords::new(CHEAP, threads, 1).err(), Some(PasswordsError::Threads));
    }
    assert!(Passwords::new(Cost::DEFAULT, 1, 0).is_ok());
    assert!(Passwords::new(Cost::MAX, 1, usize::MAX).is_ok());
}
