//! Runtimes that ask over a connection of their own.

use futures_util::FutureExt as _;
use tastyrs_throttle::OnStoreFailure;

use super::*;
use crate::server::Server;

/// How many connections a server has besides the one that asks it.
fn connections(connection: &mut redis::Connection) -> usize {
    let list = redis::cmd("CLIENT").arg("LIST").clone();
    let list: String = list.query(connection).unwrap();
    list.lines().count() - 1
}

/// A throttle that was asked until this runtime has its own connection.
async fn at_its_own(server: &Server) -> RedisThrottle {
    let throttle = patient(&server.url()).rate("1/h");
    let any = AnyThrottle::new(throttle.clone());
    let mut connection = server.connection();
    eventually("there is one", async || {
        assert!(reserve(&any, &Access::new("first")).await.is_ok());
        connections(&mut connection) == 2
    })
    .await;
    // It answers, too.
    assert!(passes(&any, &Access::new("second")).await.unwrap());
    throttle
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn a_runtime_has_its_connection_until_it_ends() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let first = runtime();
    let throttle = first.block_on(at_its_own(&server));
    let mut connection = server.connection();

    let second = runtime();
    second.block_on(async {
        let any = AnyThrottle::new(throttle.clone());
        eventually("the second has one", async || {
            assert!(reserve(&any, &call()).await.is_ok());
            connections(&mut connection) == 3
        })
        .await;
    });
    drop(first);
    second.block_on(eventually("that of the first ends", async || {
        connections(&mut connection) == 2
    }));
    drop(throttle);
    second.block_on(eventually("all end with the throttle", async || {
        connections(&mut connection) == 0
    }));
}

#[test]
fn a_runtime_of_which_nobody_knows_that_it_has_io_asks_by_the_thread() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let any = AnyThrottle::new(patient(&server.url()).rate("2/h"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();

    let admitted = (0..3)
        .filter(|_| {
            let admission = runtime.block_on(any.reserve(&call())).unwrap();
            match admission {
                Admission::Admitted(mut place) => {
                    place.keep();
                    true
                }
                Admission::Refused(_) => false,
            }
        })
        .count();

    assert_eq!(admitted, 2);
    assert_eq!(connections(&mut server.connection()), 1);
}

#[tokio::test]
async fn a_worker_that_was_busy_takes_answers_that_came_in_time() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let throttle = at_its_own(&server)
        .await
        .budget(Duration::from_millis(500))
        .on_store_failure(OnStoreFailure::Refuse);
    let any = AnyThrottle::new(throttle.clone());

    let busy = async {
        // The question is sent.
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_millis(800));
    };
    let access = call();
    let (admission, ()) = futures_util::future::join(any.reserve(&access), busy).await;

    assert!(admission.is_ok(), "{admission:?}");
    let health = throttle.health();
    assert_eq!((health.times_away, health.fallbacks), (0, 0), "{health:?}");
}

#[tokio::test]
async fn who_hangs_up_while_redis_is_asked_holds_no_place() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = at_its_own(&server).await;
    let any = AnyThrottle::new(throttle.clone());

    server.freeze();
    let access = call();
    let mut asked = Box::pin(any.reserve(&access));
    assert!(asked.as_mut().now_or_never().is_none());
    // The question is sent.
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(asked);
    server.thaw();

    eventually("the place is free", async || {
        passes(&any, &call()).await.unwrap()
    })
    .await;
    assert!(!passes(&any, &call()).await?);
    assert_eq!(throttle.health().times_away, 0);
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_cut_costs_nobody_an_answer() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = at_its_own(&server).await;
    let any = AnyThrottle::new(throttle.clone());
    let mut connection = server.connection();
    // A connection that is young is given up when it is lost.
    tokio::time::sleep(Duration::from_millis(1_200)).await;

    for number in 0..20 {
        let identifier = format!("caller {number}");
        let access = Access::new(&identifier);
        let mut asked = Box::pin(reserve(&any, &access));
        let begun = asked.as_mut().now_or_never();
        if number == 10 {
            let kill = redis::cmd("CLIENT")
                .arg("KILL")
                .arg("TYPE")
                .arg("normal")
                .arg("SKIPME")
                .arg("yes")
                .clone();
            kill.query::<u32>(&mut connection).unwrap();
        }
        let Admission::Admitted(mut place) = (match begun {
            Some(admission) => admission?,
            None => asked.await?,
        }) else {
            panic!("caller {number} is refused");
        };
        place.keep();
        place.settle().await?;
        assert!(!passes(&any, &access).await?);
    }

    let health = throttle.health();
    assert_eq!((health.times_away, health.fallbacks), (0, 0), "{health:?}");
    Ok(())
}

#[tokio::test]
async fn a_database_and_a_password_are_those_of_the_address() -> Result<()> {
    let Some(server) = Server::start(&["--requirepass", "a b", "--databases", "4"]) else {
        return Ok(());
    };
    let url = server.url().replace("redis://", "redis://:a%20b@") + "/3";
    let any = AnyThrottle::new(patient(&url).rate("1000/h"));
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_connection().unwrap();
    eventually("there is a connection of its own", async || {
        assert!(passes(&any, &call()).await.unwrap());
        connections(&mut connection) == 2
    })
    .await;

    for number in 0..5 {
        assert!(passes(&any, &Access::new(&format!("caller {number}"))).await?);
    }

    let keys: usize = redis::cmd("DBSIZE").query(&mut connection).unwrap();
    // The probe's is gone, or not yet.
    assert!((6..=7).contains(&keys), "{keys}");
    Ok(())
}
