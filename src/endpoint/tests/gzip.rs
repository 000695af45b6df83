//! Compression.

use super::*;
use flate2::read::GzDecoder;
use std::io::Read;

async fn fill(server: &Server, count: usize) {
    for number in 0..count {
        let mut object = flunder(&format!("a-{number:03}"));
        object["metadata"]["annotations"] = json!({"note": "x".repeat(2000)});
        assert_eq!(server.post(BASE, &object).await.code, 201);
    }
}

#[tokio::test]
async fn large_lists_are_compressed_for_who_takes_that() {
    let server = Server::start().await;
    fill(&server, 80).await;
    let plain = server.get(BASE).await;
    assert!(plain.bytes.len() > 128 * 1024 && !plain.headers.contains_key("content-encoding"));
    let answer = server.send(Method::GET, BASE, &[("accept-encoding", "deflate, gzip;q=0.5")], "").await;
    assert_eq!(answer.headers["content-encoding"], "gzip");
    assert_eq!(answer.headers["vary"], "Accept-Encoding");
    let mut text = Vec::new();
    GzDecoder::new(&answer.bytes[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.bytes);
    for refused in ["", "identity", "gzip;q=0", "br"] {
        let answer = server.send(Method::GET, BASE, &[("accept-encoding", refused)], "").await;
        assert_eq!(answer.bytes, plain.bytes, "{refused}");
    }
}

#[tokio::test]
async fn small_answers_are_not_compressed() {
    let server = Server::start().await;
    fill(&server, 10).await;
    for path in [BASE.to_owned(), of("a-001")] {
        let answer = server.send(Method::GET, &path, &[("accept-encoding", "gzip")], "").await;
        assert!(!answer.headers.contains_key("content-encoding"));
    }
}
