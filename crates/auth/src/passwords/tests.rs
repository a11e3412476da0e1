use std::{
    future::Future,
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll, Waker},
};

use super::*;

/// As cheap as Argon2id gets: what is tested here is not how dear it is.
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

/// Passwords whose threads are taken, until the returned end is dropped.
fn stalled(threads: usize, queue: usize) -> (Passwords, Password, mpsc::Sender<()>) {
    let passwords = Passwords::new(CHEAP, threads, queue).unwrap();
    let (free, taken) = mpsc::channel::<()>();
    let taken = Arc::new(std::sync::Mutex::new(taken));
    for _ in 0..threads {
        let taken = Arc::clone(&taken);
        passwords.workers.run(Box::new(move || {
            let _ended = taken.lock().unwrap().recv();
        }));
    }
    (passwords, Password::try_from("correct horse".to_owned()).unwrap(), free)
}

/// Lets a future run until it has to wait.
fn begin<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn as_many_as_may_wait_do_and_the_next_is_told_to_come_again() {
    let (passwords, right, free) = stalled(2, 3);
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(passwords.hash(&right))).collect();
    assert!(waiting.iter_mut().all(|hash| begin(hash.as_mut()).is_pending()));
    let stats = passwords.stats();
    assert_eq!((stats.running, stats.waiting, stats.refused), (2, 3, 0));
    for _ in 0..10 {
        assert_eq!(begin(pin!(passwords.hash(&right))), Poll::Ready(Err(Busy::Full)));
        assert_eq!(begin(pin!(passwords.verify(&right, None))), Poll::Ready(Err(Busy::Full)));
    }
    drop(free);
    let mut hashes = Vec::new();
    for hash in waiting {
        hashes.push(hash.await.unwrap());
    }
    for hash in hashes {
        assert_eq!(passwords.verify(&right, Some(&hash)).await, Ok(Verdict::Right));
    }
    let stats = passwords.stats();
    assert_eq!((stats.running, stats.waiting, stats.hashes, stats.refused), (0, 0, 10, 20));
}

#[tokio::test]
async fn a_caller_that_goes_away_keeps_its_place_until_its_work_has_ended() {
    let (passwords, right, free) = stalled(1, 1);
    let mut working = Box::pin(passwords.hash(&right));
    let mut waiting = Box::pin(passwords.hash(&right));
    assert!(begin(working.as_mut()).is_pending() && begin(waiting.as_mut()).is_pending());
    assert_eq!((passwords.stats().running, passwords.stats().waiting), (1, 1));
    // Who only waits gives its place up.
    drop(waiting);
    assert_eq!((passwords.stats().running, passwords.stats().waiting), (1, 0));
    // Whose hash was begun does not: a thousand that hang up start no more than one.
    drop(working);
    for _ in 0..1000 {
        let mut impatient = Box::pin(passwords.hash(&right));
        assert!(begin(impatient.as_mut()).is_pending());
    }
    {
        let mut only = Box::pin(passwords.hash(&right));
        assert!(begin(only.as_mut()).is_pending());
        assert_eq!(begin(pin!(passwords.hash(&right))), Poll::Ready(Err(Busy::Full)));
    }
    let stats = passwords.stats();
    assert_eq!((stats.running, stats.waiting, stats.hashes), (1, 0, 1));
    drop(free);
    assert!(passwords.hash(&right).await.is_ok());
    let stats = passwords.stats();
    assert_eq!((stats.running, stats.waiting, stats.hashes), (0, 0, 2));
}

#[tokio::test]
async fn the_threads_yield_to_all_others_and_are_told_apart_by_name() {
    let own = rustix::process::getpriority_process(None).ok();
    let passwords = Passwords::new(CHEAP, 1, 0).unwrap();
    let (answer, answered) = oneshot::channel();
    passwords.workers.run(Box::new(move || {
        let name = std::thread::current().name().map(str::to_owned);
        drop(answer.send((name, rustix::process::getpriority_process(None).ok())));
    }));
    assert_eq!(answered.await.unwrap(), (Some("password-1".to_owned()), Some(19)));
    // The thread of the test stays as it was.
    assert_eq!(rustix::process::getpriority_process(None).ok(), own);
}

#[tokio::test]
async fn a_thread_outlives_a_job_that_panics() {
    let passwords = Passwords::new(CHEAP, 1, 0).unwrap();
    passwords.workers.run(Box::new(|| panic!("on purpose")));
    assert!(passwords.hash(&Password::try_from("correct horse".to_owned()).unwrap()).await.is_ok());
}

#[tokio::test]
async fn threads_end_with_the_queue() {
    let (passwords, right, free) = stalled(1, 0);
    assert!(begin(pin!(passwords.hash(&right))).is_pending());
    let (ended, end) = oneshot::channel::<()>();
    passwords.workers.run(Box::new(move || drop(ended)));
    drop(passwords);
    drop(free);
    // What was handed over is still done, and nobody is left behind.
    assert!(end.await.is_err());
}
