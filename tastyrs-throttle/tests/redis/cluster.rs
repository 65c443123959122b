//! A cluster of three nodes.

use std::process::{Command, Stdio};

use super::*;
use crate::server::Server;

/// Three masters, started by the test; nothing where there are no such programs.
async fn cluster() -> Option<Vec<Server>> {
    let nodes: Vec<Server> = (0..3)
        .map_while(|_| Server::start(&["--cluster-enabled", "yes"]))
        .collect();
    if nodes.len() < 3 {
        return None;
    }
    let created = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(
            nodes
                .iter()
                .map(|node| format!("127.0.0.1:{}", node.port())),
        )
        .arg("--cluster-yes")
        .stdout(Stdio::null())
        .status();
    let Ok(created) = created else {
        skipped("no redis-cli to make a cluster");
        return None;
    };
    assert!(created.success());
    eventually("the cluster is one", async || {
        nodes.iter().all(|node| {
            let info = redis::cmd("CLUSTER").arg("INFO").clone();
            let info: String = info.query(&mut node.connection()).unwrap();
            info.contains("cluster_state:ok")
        })
    })
    .await;
    Some(nodes)
}

#[tokio::test]
async fn a_cluster_counts_as_one_and_spreads_identifiers_over_its_nodes() -> Result<()> {
    let Some(mut nodes) = cluster().await else {
        return Ok(());
    };
    let urls: Vec<String> = nodes.iter().map(Server::url).collect();
    let prefix = prefix();
    let machine = |first: &str| {
        let throttle = RedisThrottle::new(Redis::cluster([first]).unwrap());
        throttle
            .prefix(prefix.clone())
            .budget(Duration::from_secs(5))
            .rates(["2/m", "3/h"])
    };
    let (here, there) = (machine(&urls[0]), machine(&urls[1]));
    let throttles = [AnyThrottle::new(here.clone()), AnyThrottle::new(there)];

    for caller in 0..60 {
        let identifier = format!("caller {{{caller}}}");
        let access = Access::new(&identifier);
        assert!(passes(&throttles[0], &access).await?);
        drop(admitted(&throttles[0], &access).await?);
        // Behind the place that was given back.
        let mut last = admitted(&throttles[0], &access.quotas()).await?;
        assert_eq!(last.quotas()[0].remaining, 0);
        last.keep();
        last.settle().await?;
        assert!(!passes(&throttles[1], &access).await?);
    }

    for node in &nodes {
        let keys: u64 = redis::cmd("DBSIZE").query(&mut node.connection()).unwrap();
        assert!(keys > 5, "{keys} at {}", node.url());
    }
    assert_eq!(here.health().fallbacks, 0);

    // A cluster that lost a node is away as a whole, and is found again.
    nodes[2].kill();
    let hurried = AnyThrottle::new(here.clone().budget(Duration::from_millis(100)));
    let mut caller = 100;
    eventually("it is away", async || {
        caller += 1;
        let _ = passes(&hurried, &Access::new(&format!("caller {caller}"))).await;
        !here.health().is_there
    })
    .await;
    assert!(passes(&throttles[0], &Access::new("nobody yet")).await?);
    nodes[2].restart();
    eventually("it is back", async || here.health().is_there).await;
    Ok(())
}
