// Echo exchanges of 64 bytes between hosts of a turmoil simulation, 1 ms apart: exchanges per second of real time.
// Usage: peer_turmoil CONNECTIONS EXCHANGES
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};

fn main() -> turmoil::Result {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().unwrap());
    let connections = arguments.next().unwrap();
    let exchanges = arguments.next().unwrap();
    let each = exchanges / connections;
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(1_000_000))
        .tick_duration(Duration::from_millis(1))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(1))
        .tcp_capacity(4096)
        .build();

    sim.host("server", || async {
        let listener = TcpListener::bind("0.0.0.0:7").await?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let mut buffer = [0u8; 64];
                while stream.read_exact(&mut buffer).await.is_ok() {
                    stream.write_all(&buffer).await.unwrap();
                }
            });
        }
    });
    sim.client("client", async move {
        let mut tasks = Vec::new();
        for _ in 0..connections {
            tasks.push(tokio::spawn(async move {
                let mut stream = TcpStream::connect("server:7").await.unwrap();
                let mut buffer = [0u8; 64];
                for _ in 0..each {
                    stream.write_all(&[120u8; 64]).await.unwrap();
                    stream.read_exact(&mut buffer).await.unwrap();
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        Ok(())
    });
    let since = Instant::now();
    sim.run()?;
    println!("{{\"per_second\": {:.0}}}", (each * connections) as f64 / since.elapsed().as_secs_f64());
    Ok(())
}
