//! The threads that passwords are hashed on.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

/// One piece of work.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Threads that do nothing else. They end when this is dropped and their work is done.
#[derive(Debug)]
pub(crate) struct PasswordThreads {
    jobs: mpsc::Sender<Job>,
}

/// The least that a thread can be favoured with (see setpriority(2); on Linux it is a thread's own, not the process's).
const YIELD_TO_ALL: i32 = 19;

impl PasswordThreads {
    /// So many of them.
    pub(crate) fn start(threads: usize) -> io::Result<PasswordThreads> {
        let (jobs, received) = mpsc::channel::<Job>();
        let received = Arc::new(Mutex::new(received));
        for number in 1..=threads {
            let received = Arc::clone(&received);
            let thread = thread::Builder::new().name(format!("password-{number}"));
            thread.spawn(move || work_off(&received))?;
        }
        Ok(PasswordThreads { jobs })
    }

    /// Hands a job over. How many are handed over at once is the caller's to bound.
    pub(crate) fn run(&self, job: Job) {
        // Without a receiver the job is dropped, and who waits for its answer is told so.
        let _ = self.jobs.send(job);
    }
}

fn work_off(received: &Mutex<mpsc::Receiver<Job>>) {
    // Where it is not allowed, the threads do their work all the same.
    let _ = rustix::process::setpriority_process(None, YIELD_TO_ALL);
    loop {
        // The lock is held while this one waits; the others wait for the lock instead.
        let job = received.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            // A job that panics has no answer, which its caller notices; the thread is for the next one.
            Ok(job) => drop(panic::catch_unwind(AssertUnwindSafe(job))),
            Err(mpsc::RecvError) => return,
        }
    }
}
