//! Several processes: each is this program again, running one ignored test.

use std::process::{Command, Stdio};

use super::*;

const WORKER: &str = "TASTYRS_TEST_REDIS_WORKER";

/// How many calls pass of those that `processes` processes make at once, with `clients` clients
/// each.
fn passed(prefix: &str, processes: usize, clients: usize, calls: usize) -> usize {
    let children: Vec<_> = (0..processes)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "machines::a_process_of_a_test", "--ignored"])
                .args(["--nocapture", "--test-threads", "1"])
                .env(WORKER, format!("{prefix} {clients} {calls}"))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let (_, after) = text.split_once("passed:").unwrap();
            let number = after.split_whitespace().next().unwrap();
            number.parse::<usize>().unwrap()
        })
        .sum()
}

#[test]
fn of_two_processes_with_many_clients_exactly_the_limit_passes() {
    if redis().is_none() {
        return;
    }
    for run in 0..3 {
        assert_eq!(passed(&prefix(), 2, 16, 20), 100, "run {run}");
    }
}

#[test]
#[ignore = "what a process of the test above does"]
fn a_process_of_a_test() {
    let Ok(worker) = std::env::var(WORKER) else {
        return;
    };
    let [prefix, clients, calls] = worker.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{worker}")
    };
    let (clients, calls): (usize, usize) = (clients.parse().unwrap(), calls.parse().unwrap());
    let throttle = patient(&url()).prefix(prefix.to_owned()).rate("100/h");
    let throttle = AnyThrottle::new(throttle);
    // Each client is a worker with a runtime of its own.
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let throttle = throttle.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let mut passed = 0;
                    for _ in 0..calls {
                        passed += usize::from(passes(&throttle, &call()).await.unwrap());
                    }
                    passed
                })
            })
        })
        .collect();
    let passed: usize = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .sum();

    println!("passed: {passed}");
}
